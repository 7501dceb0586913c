import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { COMPILED } from '../../test/acceptance/cli-support.ts'
import type { BenchServer } from './bench-server.ts'

const MAIN = fileURLToPath(new URL('../../cli/bin.js', import.meta.url))
const POLL_MS = 50

export type CliRun = { seconds: number; peakResidentBytes: number }

/** Runs the command line as a person does, from its start to its end. Throws when it fails. */
export async function runCli(server: BenchServer, args: readonly string[], homeFolder: string): Promise<CliRun> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: homeFolder,
    XDG_CONFIG_HOME: join(homeFolder, 'config'),
    XDG_STATE_HOME: join(homeFolder, 'state'),
    NODE_COMPILE_CACHE: COMPILED,
    BITVAULT_SERVER: server.url,
    BITVAULT_TOKEN: server.apiToken,
  }
  const start = performance.now()
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  child.stdout.on('data', () => {})
  child.stderr.on('data', (bytes: Buffer) => (words = (words + bytes.toString()).slice(-2_000)))
  let peakResidentBytes = 0
  const poll = setInterval(() => {
    void peakOf(child.pid).then((bytes) => (peakResidentBytes = Math.max(peakResidentBytes, bytes)))
  }, POLL_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  const seconds = (performance.now() - start) / 1000
  clearInterval(poll)
  if (code !== 0) throw new Error(`bitvault ${args[0]} ended with ${code}: ${words}`)
  return { seconds, peakResidentBytes }
}

/** The high-water mark of resident memory; 0 where the system does not tell. */
async function peakOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}
