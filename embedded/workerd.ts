import { mkdir } from 'node:fs/promises'
import { get } from 'node:http'
import { createRequire } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'
import { type Child, baseEnvironment, startChild } from './child.ts'
import { StartFailure } from './failure.ts'
import { portTaken } from './free-port.ts'
import { type Crash, keepAlive } from './keep-alive.ts'
import { type LogLine, parseWorkerLine } from './worker-log.ts'

/** The Worker in plain `workerd serve`, without experimental flags. It always comes back on the same port. */
export type Workerd = {
  url: string
  port: number
  pid(): number
  /** Ends it without a chance to finish anything: for tests. */
  kill9(): Promise<void>
  /** Starts it again after `stop` or `kill9`, or stops and starts it. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export type WorkerdOptions = {
  configPath: string
  port: number
  /** Where the Durable Objects keep their storage. No other process may use it. */
  stateDir: string
  /** The text bindings: all that the Worker gets to see of its surroundings. */
  env: Record<string, string>
  onLog: (line: LogLine) => void
  /** When it ended by itself; it is started again. */
  onCrash?: (crash: Crash) => void
  signal?: AbortSignal | undefined
}

const HEALTHY_LIMIT_MS = 30_000
const ONE_PROBE_MS = 2000
/** It finishes what is in flight, but an open WebSocket keeps it alive for ever. */
const DRAIN_LIMIT_MS = 3000
/** Answers when `/healthz` does. Throws a {@link StartFailure} when it does not within 30 s. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  await mkdir(options.stateDir, { recursive: true, mode: 0o700 })
  const kept = await keepAlive(() => startHealthy(options), options.onCrash ?? (() => {}))
  const stop = (): Promise<void> => kept.takeDown((child) => child.stop('SIGTERM', DRAIN_LIMIT_MS))
  return {
    url: `http://127.0.0.1:${options.port}`,
    port: options.port,
    pid: () => kept.current().pid,
    kill9: () => kept.takeDown((child) => child.stop('SIGKILL', 0)),
    stop,
    async restart() {
      await stop()
      await kept.bringUp()
    },
  }
}

async function startHealthy(options: WorkerdOptions): Promise<Child> {
  const { configPath, port, stateDir, env } = options
  const address = ['--socket-addr', `http=127.0.0.1:${port}`]
  const folders = ['--directory-path', `do-storage=${stateDir}`]
  // Configurations made for tests name the bundle by its absolute path; `-I /` makes that possible.
  const child = await startChild(findWorkerd(), ['serve', '-I', '/', configPath, ...address, ...folders], {
    env: { ...baseEnvironment(), ...env },
    signalOnOurDeath: 'KILL',
    onLine: (line) => options.onLog(parseWorkerLine(line)),
  }).catch((cause: unknown) => {
    throw cannotRun(cause)
  })
  try {
    await waitUntilHealthy(child, options)
    return child
  } catch (error) {
    await child.stop('SIGKILL', 0)
    throw error
  }
}

async function waitUntilHealthy(child: Child, { port, signal }: WorkerdOptions): Promise<void> {
  const deadline = performance.now() + HEALTHY_LIMIT_MS
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 1.5, 250)) {
    signal?.throwIfAborted()
    if (!child.isRunning()) throw failedToStart(child, port)
    const status = await probe(`http://127.0.0.1:${port}/healthz`)
    if (status === 200 && child.isRunning()) return
    if (performance.now() > deadline) {
      const said = status === null ? 'does not answer' : `answers ${status}`
      throw new Error(`the Worker ${said} on /healthz\n${child.lastLines().join('\n')}`)
    }
    await wait(pauseMs)
  }
}

function failedToStart(child: Child, port: number): Error {
  const said = child.lastLines().join('\n')
  if (/Address already in use|EADDRINUSE/i.test(said)) return portTaken(port)
  if (/GLIBC|version .* not found|CPU/i.test(said)) return cannotRun(new Error(said))
  return new Error(`the Worker stopped while it started: ${child.lastLines().map(textOf).join(' ')}\n${said}`)
}

const textOf = (line: string): string => parseWorkerLine(line).text

/** The status, or `null` when nothing answers. */
export function probe(url: string): Promise<number | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: ONE_PROBE_MS }, (response) => {
      response.resume()
      resolve(response.statusCode ?? null)
    })
    request.once('timeout', () => request.destroy())
    request.once('error', () => resolve(null))
  })
}

function findWorkerd(): string {
  try {
    const workerd = createRequire(import.meta.url)('workerd') as string | { default: string }
    return typeof workerd === 'string' ? workerd : workerd.default
  } catch (cause) {
    throw cannotRun(cause)
  }
}

const cannotRun = (cause: unknown): StartFailure =>
  new StartFailure(
    `There is no Workers runtime (workerd) that runs on this machine (${process.platform}-${process.arch}).`,
    'It runs on Linux with glibc 2.35 or newer, macOS 13.5 or newer and Windows 10, on x64 and arm64; run npm install there.',
    { cause },
  )
