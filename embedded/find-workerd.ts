import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** A workerd process, known by the address that it was told to listen on. */
export type FoundProcess = { pid: number; parentPid: number }

const PS_TIMEOUT_MS = 5000

/**
 * Looks for the workerd that listens on `address` (`127.0.0.1:4000`), by its command line.
 * Answers `null` when there is none, and on Windows, where an open file cannot be opened for writing twice anyway.
 */
export async function findWorkerd(address: string): Promise<FoundProcess | null> {
  if (process.platform === 'win32') return null
  const all = process.platform === 'linux' ? await processesOfProc() : await processesOfPs()
  const isIt = (command: string) => command.includes('workerd') && command.includes(`--socket-addr=entry=${address}`)
  return all.find(({ command }) => isIt(`${command} `.replaceAll('\0', ' '))) ?? null
}

type Listed = FoundProcess & { command: string }

/** Small container images have no `ps`. */
async function processesOfProc(): Promise<Listed[]> {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))
  const listed = await Promise.all(pids.map(processOfProc))
  return listed.filter((one) => one !== null)
}

async function processOfProc(pid: string): Promise<Listed | null> {
  try {
    const [command, stat] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // "pid (name) state parent …": the name may hold anything, spaces and brackets too.
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
    return { pid: Number(pid), parentPid: Number(parent), command }
  } catch {
    return null // it ended while we looked
  }
}

async function processesOfPs(): Promise<Listed[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,command='], {
    timeout: PS_TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  })
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
    return match === null ? [] : [{ pid: Number(match[1]), parentPid: Number(match[2]), command: match[3] ?? '' }]
  })
}
