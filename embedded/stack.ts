import { join, resolve } from 'node:path'
import { buildWorker } from './build.ts'
import { pickFreePort, requireFreePort } from './free-port.ts'
import { takeLock } from './lock.ts'
import { makeFolder } from './make-folder.ts'
import { type Secrets, loadSecrets } from './secrets.ts'
import {
  type Database,
  type DatabaseChoice,
  type Part,
  type PartRequest,
  type PostgresSwitch,
  type S3Access,
  type Traces,
  crashLine,
  provideDatabase,
  provideS3,
  provideTraces,
} from './stack-parts.ts'
import { CONFIG_PATH, writeFaultsConfig } from './worker-config.ts'
import { type LogLine, isAtLeast } from './worker-log.ts'
import { type Workerd, startWorkerd } from './workerd.ts'

/**
 * The whole product on one machine, as `npm start`, the tests and the benchmarks run it:
 *
 *   lock the folder → secrets → { PostgreSQL → migrations | bucket | trace collector | bundle } at once → workerd
 *
 * It is stopped in the opposite order; whatever fails on the way stops what had been started.
 */
export type StackOptions = {
  /** Where everything is kept; made if it does not exist. One stack at a time. */
  dir: string
  /** Of the Worker, on 127.0.0.1; a free one by default. */
  port?: number | undefined
  /** How people reach it; the Worker's own address by default. */
  publicUrl?: string | undefined
  /** Instead of an embedded server. */
  postgres?: DatabaseChoice | undefined
  /** Instead of a local bucket. */
  s3?: S3Access | undefined
  /** An HTTP server of the test that the Worker asks at its fault points. */
  faults?: string | undefined
  /** Instead of a collector of ours. */
  otlpEndpoint?: string | undefined
  /** Further text bindings, or other values for those that the stack sets. */
  env?: Record<string, string> | undefined
  /** Another configuration of workerd than the shipped one (its bundle is not built). */
  configPath?: string | undefined
  /** What happens, for people. */
  log?: ((line: string) => void) | undefined
  onWorkerLog?: ((line: LogLine) => void) | undefined
  /** Neither of both says anything unless given. */
  quiet?: boolean | undefined
  /** Gives up the start. */
  signal?: AbortSignal | undefined
}

export type Stack = {
  url: string
  /** For migrations and for looking into every tenant. */
  ownerUrl: string
  /** What the Worker works with: held by row-level security. */
  appUrl: string
  systemUrl: string
  s3: S3Access
  setupToken: string
  traces: Traces
  worker: Workerd
  /** Of the embedded server; `null` where the server is somebody else's. */
  postgres: PostgresSwitch | null
  /** One more process on the same database and bucket, with Durable Objects of its own. */
  addWorker(): Promise<Workerd>
  /** Repeating it is no error. */
  stop(): Promise<void>
}

type Parts = { database: Database; s3: S3Access; traces: Traces; configPath: string }
type Stoppers = (() => Promise<void> | void)[]

/** Throws a `StartFailure` for what a person can mend, other errors as they come. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = resolve(options.dir)
  const stoppers: Stoppers = []
  const stop = once(() => runAll(stoppers))
  try {
    // Others may pass through, which an unprivileged PostgreSQL must; what is inside has modes of its own.
    await makeFolder(dir, 0o711)
    const lock = takeLock(dir)
    stoppers.push(() => lock.release())
    const secrets = await loadSecrets(dir)
    const port = options.port || (await pickFreePort())
    await requireFreePort(port)
    const parts = await startParts({ dir, secrets, log: sayTo(options), signal: options.signal }, options, stoppers)
    const start = (at: number, stateDir: string): Promise<Workerd> =>
      startWorker({ options, parts, secrets, port, at, stateDir })
    const worker = await start(port, join(dir, 'objects'))
    stoppers.push(() => worker.stop())
    lock.announce({ url: publicUrlOf(options, port) })
    let further = 0
    const addWorker = async (): Promise<Workerd> => {
      const added = await start(await pickFreePort(), join(dir, `objects-${++further}`))
      stoppers.push(() => added.stop())
      return added
    }
    const { database, s3, traces } = parts
    const { ownerUrl, appUrl, systemUrl, server } = database
    const { setupToken } = secrets
    return {
      url: worker.url,
      ownerUrl,
      appUrl,
      systemUrl,
      s3,
      setupToken,
      traces,
      worker,
      postgres: server,
      addWorker,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startParts(request: PartRequest, options: StackOptions, stoppers: Stoppers): Promise<Parts> {
  const started = <T>(part: Promise<Part<T>>): Promise<T> =>
    part.then(({ value, stop }) => {
      stoppers.push(stop)
      return value
    })
  const all = [
    started(provideDatabase(request, options.postgres)),
    started(provideS3(request, options.s3)),
    started(provideTraces(options.otlpEndpoint)),
    provideConfig(request, options),
  ] as const
  // All of them first: what still starts while another has failed must be stopped as well.
  await Promise.allSettled(all)
  const [database, s3, traces, configPath] = await Promise.all(all)
  return { database, s3, traces, configPath }
}

async function provideConfig({ dir, log, signal }: PartRequest, options: StackOptions): Promise<string> {
  if (options.configPath === undefined) await buildWorker({ log, signal })
  const base = options.configPath ?? CONFIG_PATH
  if (options.faults === undefined) return base
  const file = join(dir, 'faults.capnp')
  await writeFaultsConfig({ base, file, faultsUrl: options.faults })
  return file
}

type WorkerRequest = {
  options: StackOptions
  parts: Parts
  secrets: Secrets
  /** Of the first Worker. */
  port: number
  /** Of this one. */
  at: number
  stateDir: string
}

function startWorker({ options, parts, secrets, port, at, stateDir }: WorkerRequest): Promise<Workerd> {
  const log = sayTo(options)
  return startWorkerd({
    configPath: parts.configPath,
    port: at,
    stateDir,
    env: { ...textBindings(parts, secrets, publicUrlOf(options, port)), ...options.env },
    onLog: options.onWorkerLog ?? (options.quiet ? () => {} : showTrouble),
    onCrash: (crash) => log(crashLine('The Worker', crash)),
    signal: options.signal,
  })
}

function textBindings({ database, s3, traces }: Parts, secrets: Secrets, publicUrl: string): Record<string, string> {
  return {
    PUBLIC_URL: publicUrl,
    DATABASE_URL: database.appUrl,
    SYSTEM_DATABASE_URL: database.systemUrl,
    S3_ENDPOINT: s3.endpoint,
    S3_PUBLIC_ENDPOINT: s3.publicEndpoint ?? s3.endpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AUTH_SIGNING_KEYS: JSON.stringify(secrets.signingKeys),
    SETUP_TOKEN: secrets.setupToken,
    OTEL_EXPORTER_OTLP_ENDPOINT: traces.exportTo,
    ...(traces.readFrom === null ? {} : { TRACE_QUERY_ENDPOINT: traces.readFrom }),
    // Nobody reads the milder lines here, and writing them costs the Worker time.
    LOG_LEVEL: 'warn',
  }
}

const publicUrlOf = ({ publicUrl }: StackOptions, port: number): string => publicUrl ?? `http://127.0.0.1:${port}`

const sayTo = ({ log, quiet }: StackOptions): ((line: string) => void) => log ?? (quiet ? () => {} : console.log)

function showTrouble({ level, text }: LogLine): void {
  if (isAtLeast(level, 'warn')) console.error(text)
}

/** Backwards, each even if one before it failed; then the first failure is thrown. */
async function runAll(stoppers: Stoppers): Promise<void> {
  const failures: unknown[] = []
  for (const stop of stoppers.reverse()) await Promise.resolve(stop()).catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () => (running ??= work())
}
