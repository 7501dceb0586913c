import { readFile } from 'node:fs/promises'
import { PROTOCOL_VERSION } from '../protocol/version.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { World } from './world.ts'

export async function sayVersion({ json }: { json: boolean }, world: World): Promise<ExitCode> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  const facts = { version, protocol: PROTOCOL_VERSION, node: process.versions.node, platform: world.platform }
  await world.stdout.write(json ? `${JSON.stringify(facts)}\n` : `bitvault ${version} (protocol ${PROTOCOL_VERSION})\n`)
  return EXIT.ok
}
