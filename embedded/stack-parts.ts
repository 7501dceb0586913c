import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../db/migrate.ts'
import { startCollector } from './collector.ts'
import { ensureDatabase, withLogin } from './database.ts'
import { pickFreePort } from './free-port.ts'
import { type Crash, keepAlive } from './keep-alive.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import type { Secrets } from './secrets.ts'

/** A part of the stack that runs, with what stops it. */
export type Part<T> = { value: T; stop(): Promise<void> }

export type S3Access = {
  endpoint: string
  /** Where clients reach it, when that is another address. */
  publicEndpoint?: string
  region: string
  bucket: string
  accessKeyId: string
  secretAccessKey: string
}

export type DatabaseChoice = {
  ownerUrl: string
  /**
   * `fresh` (the default): a new database on that server, a copy of `template` if given. `existing`: the database that
   * the URL names.
   */
  database?: 'fresh' | 'existing'
  /** A database that is migrated already. Roles belong to the whole server, so their passwords come with it. */
  template?: { name: string; appPassword: string; systemPassword: string }
}

/** Switches for the embedded server. */
export type PostgresSwitch = { port: number; stop(): Promise<void>; kill(): Promise<void>; start(): Promise<void> }

export type Database = {
  ownerUrl: string
  appUrl: string
  systemUrl: string
  /** `null` where the server is somebody else's. */
  server: PostgresSwitch | null
}

export type PartRequest = {
  dir: string
  secrets: Secrets
  log: (line: string) => void
  signal: AbortSignal | undefined
}

const nothing = (): Promise<void> => Promise.resolve()

/** A migrated database with the logins of the Worker: somebody's, or one on an embedded server. */
export async function provideDatabase(
  request: PartRequest,
  choice: DatabaseChoice | undefined,
): Promise<Part<Database>> {
  if (choice === undefined) return embeddedDatabase(request)
  const { appPassword, systemPassword } = choice.template ?? request.secrets
  const ownerUrl = await (choice.database === 'existing' ? choice.ownerUrl : freshDatabase(choice))
  if (choice.template === undefined) await migrate({ ownerUrl, appPassword, systemPassword })
  return { value: { ...withLogins(ownerUrl, { appPassword, systemPassword }), server: null }, stop: nothing }
}

let databasesMade = 0

const freshDatabase = ({ ownerUrl, template }: DatabaseChoice): Promise<string> => {
  const name = `bitvault_${process.pid}_${Date.now().toString(36)}_${++databasesMade}`
  return ensureDatabase(ownerUrl, name, template?.name)
}

async function embeddedDatabase({ dir, secrets, log, signal }: PartRequest): Promise<Part<Database>> {
  const port = await pickFreePort() // kept over restarts: the Worker knows it
  const dataDir = join(dir, 'postgres')
  const { ownerPassword, appPassword, systemPassword } = secrets
  const start = (): Promise<Postgres> => startPostgres({ dataDir, ownerPassword, port, log, signal })
  const kept = await keepAlive(start, (crash) => log(crashLine('The database', crash)))
  const stop = (): Promise<void> => kept.takeDown((server) => server.stop())
  const server = { port, stop, kill: () => kept.takeDown((one) => one.kill()), start: () => kept.bringUp() }
  try {
    const { ownerUrl } = kept.current()
    await migrate({ ownerUrl, appPassword, systemPassword })
    return { value: { ...withLogins(ownerUrl, secrets), server }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const withLogins = (
  ownerUrl: string,
  { appPassword, systemPassword }: { appPassword: string; systemPassword: string },
) => ({
  ownerUrl,
  appUrl: withLogin(ownerUrl, 'bitvault_app', appPassword),
  systemUrl: withLogin(ownerUrl, 'bitvault_system', systemPassword),
})

/** For the terminal: what ended, and what happens now. */
export function crashLine(what: string, { ending, restartInMs }: Crash): string {
  const how = ending.signal ?? `exit code ${ending.code}`
  if (restartInMs === null)
    return `${what} stopped again and again (${how}): given up. Stop BitVault and start it again.`
  return `${what} stopped unexpectedly (${how}); starting it again …`
}

export async function provideS3({ dir, secrets }: PartRequest, given: S3Access | undefined): Promise<Part<S3Access>> {
  if (given !== undefined) return { value: given, stop: nothing }
  const access = {
    bucket: 'bitvault',
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
  }
  const folder = join(dir, 'r2')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Miniflare is large: it is read only when needed, and while the database starts.
  const { startLocalR2 } = await import('./local-r2.ts')
  const { endpoint, stop } = await startLocalR2({ dir: folder, ...access })
  return { value: { ...access, endpoint, region: 'auto' }, stop }
}

/** Where the Worker sends its traces, and where they can be read back if that is ours. */
export type Traces = { exportTo: string; readFrom: string | null }

export async function provideTraces(given: string | undefined): Promise<Part<Traces>> {
  if (given !== undefined) return { value: { exportTo: given, readFrom: null }, stop: nothing }
  const { endpoint, stop } = await startCollector()
  return { value: { exportTo: endpoint, readFrom: endpoint }, stop }
}
