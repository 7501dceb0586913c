import { readFileSync } from 'node:fs'
import { PROTOCOL_VERSION } from '../protocol/version.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { PACKAGE_JSON } from './main-path.ts'
import type { World } from './world.ts'

export function readVersion(): string {
  const text = readFileSync(PACKAGE_JSON, 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export async function sayVersion({ json }: { json: boolean }, world: World): Promise<ExitCode> {
  const version = readVersion()
  const facts = { version, protocol: PROTOCOL_VERSION, node: process.versions.node, platform: world.platform }
  await world.stdout.write(json ? `${JSON.stringify(facts)}\n` : `bitvault ${version} (protocol ${PROTOCOL_VERSION})\n`)
  return EXIT.ok
}
