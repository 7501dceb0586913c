import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { StartFailure } from './failure.ts'

/** `postmaster.pid`: what a running server says about itself. */
export type ServerNote = { pid: number; port: number; isReady: boolean }

export async function readServerNote(dataDir: string): Promise<ServerNote | null> {
  const text = await readFile(join(dataDir, 'postmaster.pid'), 'utf8').catch(() => null)
  if (text === null) return null
  const lines = text.split('\n')
  return { pid: Number(lines[0]), port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' }
}

const STEPS = [
  { signal: 'SIGINT', waitMs: 20_000 }, // fast: rolls back, writes a checkpoint
  { signal: 'SIGQUIT', waitMs: 5000 }, // at once: the next start replays the log
  { signal: 'SIGKILL', waitMs: 2000 },
] as const

/**
 * Stops a server that an earlier run left behind on this folder. The caller holds the folder's lock, so nobody uses it.
 * A note whose process is gone, or is some other program by now, is only removed.
 */
export async function stopOrphan(dataDir: string, log: (line: string) => void): Promise<void> {
  const note = await readServerNote(dataDir)
  if (note === null || !Number.isInteger(note.pid) || note.pid <= 1) return
  if (!(await isServerOf(note.pid, dataDir))) return rm(join(dataDir, 'postmaster.pid'), { force: true })
  log('The last run was killed and its database still runs: stopping it first …')
  for (const { signal, waitMs } of STEPS) {
    try {
      process.kill(note.pid, process.platform === 'win32' ? 'SIGKILL' : signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return
      throw foreign(note.pid, error)
    }
    const deadline = performance.now() + waitMs
    while (performance.now() < deadline) {
      if (!isAlive(note.pid)) return
      await wait(20)
    }
  }
  throw foreign(note.pid)
}

const foreign = (pid: number, cause?: unknown): StartFailure =>
  new StartFailure(
    `A database server (process ${pid}) still runs on this folder and cannot be stopped.`,
    'Stop that process, then start again.',
    { cause },
  )

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Process ids are reused: only a PostgreSQL whose command line names this folder counts. */
async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  const command = await commandLineOf(pid)
  return command.includes('postgres') && command.includes(dataDir)
}

async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return text.replaceAll('\0', ' ')
  }
  const [file, args]: [string, string[]] =
    process.platform === 'win32'
      ? [
          'powershell',
          ['-NoProfile', '-Command', `(Get-CimInstance Win32_Process -Filter ProcessId=${pid}).CommandLine`],
        ]
      : ['ps', ['-p', String(pid), '-o', 'command=']]
  return promisify(execFile)(file, args).then(
    ({ stdout }) => stdout,
    () => '',
  )
}
