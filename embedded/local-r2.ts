import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Miniflare, NoOpLog } from 'miniflare'
import { findWorkerd } from './find-workerd.ts'
import { pickFreePort } from './free-port.ts'

/**
 * The embedded object store: one R2 bucket on disk, served by Miniflare with R2's S3 protocol and nothing else.
 *
 * Nothing keeps two workerd processes off one data folder, and a workerd outlives a parent that was killed. So the
 * folder remembers who served it last (`serving.json`): a start ends what a dead parent left behind, and refuses
 * while a living one is at work.
 */
export type LocalR2Options = {
  /** Where the bucket lives; made when missing. */
  dir: string
  /** 0 or none: the one of the last time if it is free, otherwise any. */
  port?: number
  bucket: string
  accessKeyId: string
  secretAccessKey: string
}

export type LocalR2 = {
  /** For `s3ObjectStore`: path-style, region `auto`. */
  endpoint: string
  port: number
  /** Finishes what is under way, then ends the process. May be called twice. */
  stop(): Promise<void>
}

const HOST = '127.0.0.1'
export const S3_PATH = '/cdn-cgi/local/r2/s3'
const EXIT_WAIT_MS = 5000
const REFUSE_ALL = 'export default { fetch: () => new Response(null, { status: 404 }) }'

/** Between picking a free port and listening on it somebody else may take it: then another one is picked. */
const PORT_TRIES = 5

/** Starts the bucket. Throws when the folder is served by another living process, or the port that was asked for is taken. */
export async function startLocalR2(options: LocalR2Options): Promise<LocalR2> {
  await mkdir(options.dir, { recursive: true })
  await endLeftover(options.dir)
  let port = options.port || (await usualPort(options.dir))
  for (let attempt = 1; ; attempt++) {
    try {
      return await serveOn(options, port)
    } catch (error) {
      const isTaken = (error as { code?: unknown }).code === 'ERR_ADDRESS_IN_USE'
      if (!isTaken || options.port || attempt === PORT_TRIES) throw error
      port = await pickFreePort()
    }
  }
}

async function serveOn(options: LocalR2Options, port: number): Promise<LocalR2> {
  await writeFile(servingFile(options.dir), JSON.stringify({ pid: process.pid, port }))
  const { made: miniflare, restore } = yieldingSignals(() => new Miniflare(bucketOnly(options, port)))
  try {
    await miniflare.ready
  } catch (error) {
    await miniflare.dispose().catch(() => undefined) // what failed to start may fail to end as well
    await rm(servingFile(options.dir), { force: true })
    restore()
    throw error
  }
  await writeFile(portFile(options.dir), String(port))
  let stopped: Promise<void> | undefined
  const stop = async () => {
    await miniflare.dispose()
    await rm(servingFile(options.dir), { force: true })
    restore()
  }
  return { endpoint: `http://${HOST}:${port}${S3_PATH}`, port, stop: () => (stopped ??= stop()) }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Miniflare ends the process on a signal, at once, whatever else is being shut down. Here its listeners act only
 * where nobody else listens: who handles the signal stops us by `stop()`, who does not still leaves no workerd behind.
 */
function yieldingSignals<T>(make: () => T): { made: T; restore: () => void } {
  const before = SIGNALS.map((signal) => process.listeners(signal))
  const made = make()
  const undo = SIGNALS.flatMap((signal, i) =>
    process.listeners(signal).flatMap((listener) => {
      if (before[i]?.includes(listener)) return []
      const ifAlone = () => {
        if (process.listenerCount(signal) === 1) listener(signal)
      }
      process.off(signal, listener).on(signal, ifAlone)
      return [() => process.off(signal, ifAlone)]
    }),
  )
  return { made, restore: () => undo.forEach((off) => off()) }
}

function bucketOnly(options: LocalR2Options, port: number) {
  const { accessKeyId, secretAccessKey } = options
  const bucket = {
    type: 'r2' as const,
    name: options.bucket,
    dev: { experimentalS3Credentials: { accessKeyId, secretAccessKey } },
  }
  return {
    host: HOST,
    port,
    cf: false as const, // else it asks the network for sample request properties
    log: new NoOpLog(),
    logRequests: false,
    handleStructuredLogs: () => undefined,
    telemetry: { enabled: false },
    enableDevRegistry: false, // else it writes into the user's home
    resourcePersistencePath: join(options.dir, 'data'),
    workers: [
      {
        config: {
          name: 'local-r2',
          compatibilityDate: '2026-11-01',
          manifest: {
            mainModule: 'local-r2.js',
            modules: { 'local-r2.js': { type: 'esm' as const, contents: REFUSE_ALL } },
          },
          env: { BUCKET: bucket },
        },
      },
    ],
  }
}

const servingFile = (dir: string): string => join(dir, 'serving.json')

type Serving = { pid: number; port: number }

/** Makes sure that nobody serves `dir` any more: ends an orphaned workerd, throws for one with a living owner. */
async function endLeftover(dir: string): Promise<void> {
  const serving = await readServing(dir)
  if (serving === null) return
  const leftover = await findWorkerd(`${HOST}:${serving.port}`)
  if (leftover === null) return
  if (leftover.parentPid === serving.pid) throw new Error(`${dir} is in use by process ${serving.pid}; stop that first`)
  process.kill(leftover.pid, 'SIGKILL')
  await waitForExit(leftover.pid)
}

async function readServing(dir: string): Promise<Serving | null> {
  try {
    const { pid, port } = JSON.parse(await readFile(servingFile(dir), 'utf8'))
    return Number.isInteger(pid) && Number.isInteger(port) ? { pid, port } : null
  } catch {
    return null // none, or cut short when its writer was killed before it started anything
  }
}

async function waitForExit(pid: number): Promise<void> {
  const deadline = Date.now() + EXIT_WAIT_MS
  while (isAlive(pid)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} still holds the bucket's folder and does not end`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const portFile = (dir: string): string => join(dir, 'port')

/**
 * Requests that were signed before a restart name the port: a client that is in the middle of an upload finds the
 * bucket there again.
 */
async function usualPort(dir: string): Promise<number> {
  const last = Number(await readFile(portFile(dir), 'utf8').catch(() => ''))
  const isPort = Number.isInteger(last) && last > 0 && last < 65_536
  return isPort ? listenOnce(last).catch(() => listenOnce(0)) : listenOnce(0)
}

/** The port must be known before the start, since workerd's command line is what we know it by later. */
function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, HOST, () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
