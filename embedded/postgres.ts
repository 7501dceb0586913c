import { execFile } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Child, type Ending, baseEnvironment, startChild } from './child.ts'
import { ensureDatabase } from './database.ts'
import { StartFailure } from './failure.ts'
import { pickFreePort, portTaken } from './free-port.ts'
import { findPostgresBinaries, pgCtlOf, postgresOf } from './postgres-binaries.ts'
import { SERVER_LOGIN, cannotRun, ensureCluster } from './postgres-cluster.ts'
import { readServerNote, stopOrphan } from './postgres-orphan.ts'
import { type Place, choosePlace } from './postgres-place.ts'

/**
 * The embedded PostgreSQL: a real server, a child of ours, on 127.0.0.1 only.
 *
 *   choose a place and an account → stop what a killed run left → make the data folder → start → wait until ready
 */
export type Postgres = {
  /** The owner of everything, on the database of BitVault: for migrations, never for the Worker. */
  ownerUrl: string
  port: number
  /** Settles when the server has ended, wanted or not. */
  ended: Promise<Ending>
  /** Ends open transactions, saves, stops. Repeating it is no error. */
  stop(): Promise<void>
  /** Ends it as a power cut would: for tests. The next start replays its log. */
  kill(): Promise<void>
}

export type PostgresOptions = {
  /** The database folder itself; made if it does not exist. Nothing else may use it meanwhile. */
  dataDir: string
  /** Kept for the lifetime of the folder: it is set when the folder is made. */
  ownerPassword: string
  /** A free one by default. */
  port?: number | undefined
  database?: string
  /** Further settings, `name=value`. */
  settings?: string[]
  log?: (line: string) => void
  /** Where data and programs go when they cannot be reached as an unprivileged user. */
  fallbackBase?: string | undefined
  signal?: AbortSignal | undefined
}

const READY_LIMIT_MS = 120_000 // replaying a long log takes its time
const SAY_SO_AFTER_MS = 3000
const BUSY_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 20_000
const ATTEMPTS_AT_A_PORT = 3

/** Throws a {@link StartFailure}; see there for what can be wrong. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { ownerPassword, signal, database = 'bitvault', log = () => {} } = options
  const binaries = await findPostgresBinaries()
  const { dataDir, fallbackBase } = options
  const place = await choosePlace({ dataDir, binaries, log, fallbackBase })
  await stopOrphan(place.dataDir, log)
  await ensureCluster({ ...place, ownerPassword, log, signal })
  const { child, port } = await startServer(place, options)
  const stop = (): Promise<void> => stopServer(child, place)
  try {
    await waitUntilReady(child, place.dataDir, { log, signal })
    const serverUrl = `postgres://${SERVER_LOGIN}:${encodeURIComponent(ownerPassword)}@127.0.0.1:${port}/postgres`
    const ownerUrl = await ensureDatabase(serverUrl, database)
    return { ownerUrl, port, ended: child.ended, stop, kill: () => child.stop('SIGKILL', 0) }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A port may be taken between finding and using it; memory of a killed server takes a moment to be given back. */
async function startServer(place: Place, options: PostgresOptions): Promise<{ child: Child; port: number }> {
  const deadline = performance.now() + BUSY_LIMIT_MS
  for (let attempt = 1; ;) {
    const port = options.port ?? (await pickFreePort())
    const child = await spawnServer(place, port, options.settings ?? [])
    const trouble = await startupTrouble(child, place.dataDir)
    if (trouble === null) return { child, port }
    if (/could not bind|could not create any TCP/.test(trouble)) {
      if (options.port !== undefined) throw portTaken(port)
      if (attempt++ >= ATTEMPTS_AT_A_PORT) throw new Error(trouble)
    } else if (!/shared memory block .* still in use|lock file .* already exists/s.test(trouble)) {
      throw new Error(`PostgreSQL did not start: ${fatalLine(trouble)}\n${trouble}`)
    } else if (performance.now() > deadline) throw new Error(trouble)
    await wait(100, undefined, { signal: options.signal })
  }
}

function spawnServer({ binaries, dataDir, account }: Place, port: number, settings: string[]): Promise<Child> {
  const all = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'log_destination=stderr',
    'logging_collector=off',
    'log_checkpoints=off',
    'lc_messages=C',
    'timezone=UTC',
    'max_connections=100',
    ...settings,
  ].flatMap((setting) => ['-c', setting])
  return startChild(postgresOf(binaries), ['-D', dataDir, ...all], {
    env: baseEnvironment(),
    account,
    signalOnOurDeath: 'INT',
  }).catch((cause: unknown) => {
    throw cannotRun(cause)
  })
}

/** What it wrote when it gave up before it took the folder; `null` once it has it. */
async function startupTrouble(child: Child, dataDir: string): Promise<string | null> {
  while (child.isRunning()) {
    if ((await readServerNote(dataDir))?.pid === child.pid) {
      // The note comes before the port is opened: one more look when it has said that it listens, or ended.
      if (child.lastLines().some((line) => line.includes('listening on'))) return null
    }
    await wait(5)
  }
  await wait(20) // its last words are on their way
  return child.lastLines().join('\n')
}

async function waitUntilReady(
  child: Child,
  dataDir: string,
  { log, signal }: { log: (line: string) => void; signal: AbortSignal | undefined },
): Promise<void> {
  const started = performance.now()
  let told = false
  for (;;) {
    const note = await readServerNote(dataDir)
    if (note?.pid === child.pid && note.isReady) return
    signal?.throwIfAborted()
    if (!child.isRunning()) {
      const said = child.lastLines().join('\n')
      throw new Error(`PostgreSQL stopped while it started: ${fatalLine(said)}\n${said}`)
    }
    const elapsed = performance.now() - started
    if (elapsed > READY_LIMIT_MS)
      throw new StartFailure(
        'The database did not become ready in two minutes.',
        'Start again; it goes on where it was.',
      )
    if (elapsed > SAY_SO_AFTER_MS && !told) log('The database recovers from an unclean stop …')
    told ||= elapsed > SAY_SO_AFTER_MS
    await wait(10)
  }
}

const fatalLine = (text: string): string =>
  text
    .split('\n')
    .find((line) => /FATAL|PANIC/.test(line))
    ?.replace(/^.*?(FATAL|PANIC): +/, '') ?? 'no reason given'

async function stopServer(child: Child, { binaries, dataDir }: Place): Promise<void> {
  if (process.platform !== 'win32') return child.stop('SIGINT', STOP_LIMIT_MS)
  // Windows has no signals; pg_ctl knows the way.
  const fast = ['stop', '-D', dataDir, '-m', 'fast', '-w', '-t', String(STOP_LIMIT_MS / 1000)]
  if (child.isRunning()) await promisify(execFile)(pgCtlOf(binaries), fast).catch(() => child.stop('SIGKILL', 0))
  await child.ended
}
