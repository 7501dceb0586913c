import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/**
 * A server of ours in a process of its own.
 *
 * It lives in its own process group, so that Ctrl-C in the terminal reaches only us and we stop everything in order.
 * The price, that it would outlive us if we are killed, is paid by a guard: a shell of one line that waits for the end
 * of its input, which is our death, and then sends the child `signalOnOurDeath`. (Not on Windows.)
 */
export type Child = {
  readonly pid: number
  /** Settles when the process has ended, however it ended. */
  readonly ended: Promise<Ending>
  isRunning(): boolean
  /** Sends the signal, waits `graceMs`, then ends it by force. Repeating it is no error. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** The last lines that it wrote, at most {@link KEPT_LINES}: for error messages. */
  lastLines(): string[]
}

export type Ending = { code: number | null; signal: NodeJS.Signals | null }

export type ChildOptions = {
  env: Record<string, string>
  /** Run as this account instead of ours; only root may ask. */
  account?: { uid: number; gid: number } | undefined
  signalOnOurDeath: 'KILL' | 'INT'
  onLine?: ((line: string) => void) | undefined
}

const KEPT_LINES = 40
const POSIX = process.platform !== 'win32'

/**
 * Starts a program and waits until the system has accepted it.
 * Throws the system's error (ENOENT, EACCES, …) when it cannot be run.
 */
export async function startChild(file: string, args: string[], options: ChildOptions): Promise<Child> {
  const child = spawn(file, args, {
    env: options.env,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: POSIX,
    windowsHide: true,
    ...options.account,
  })
  const ended = new Promise<Ending>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const kept: string[] = []
  const keep = (line: string): void => {
    kept.push(line)
    if (kept.length > KEPT_LINES) kept.shift()
    options.onLine?.(line)
  }
  for (const stream of [child.stdout, child.stderr]) readLines(stream, keep)
  const guard = POSIX ? startGuard(child.pid!, options.signalOnOurDeath) : null
  // By force, and before its input closes: it would take that for our death.
  void ended.then(() => guard?.kill('SIGKILL'))
  return childOf(child, ended, kept)
}

function childOf(child: ChildProcess, ended: Promise<Ending>, kept: string[]): Child {
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid!,
    ended,
    isRunning,
    signal: (signal) => void child.kill(signal),
    lastLines: () => [...kept],
    async stop(signal, graceMs) {
      if (isRunning()) child.kill(signal)
      const force = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await ended
      clearTimeout(force)
    },
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine)
}

function startGuard(pid: number, signal: 'KILL' | 'INT'): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r line; kill -s "$0" "$1" 2>/dev/null', signal, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  })
  guard.once('error', () => {}) // no shell, no guard: the next start deals with what is left over
  guard.stdin.once('error', () => {})
  guard.unref()
  return guard
}

/** What every child may see of our environment; all the rest is given by name. */
export function baseEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'SSL_CERT_FILE', 'SSL_CERT_DIR']
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  )
}
