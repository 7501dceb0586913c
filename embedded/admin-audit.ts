import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '../db/connect.ts'
import { audit, type AuditReport } from '../db/system/audit.ts'
import { s3ObjectStore } from '../storage/s3/s3-object-store.ts'
import { readStartRequest } from './arguments.ts'
import { withLogin } from './database.ts'
import { StartFailure } from './failure.ts'
import { takeLock, type Lock } from './lock.ts'
import { startPostgres } from './postgres.ts'
import { loadSecrets, type Secrets } from './secrets.ts'
import { provideS3, type S3Access } from './stack-parts.ts'
import { PROJECT_DIR } from './worker-config.ts'

/**
 * `bitvault admin audit`: finds the database and the bucket as `npm start` does, and compares them.
 *
 *   environment  → those              (SYSTEM_DATABASE_URL, or DATABASE_URL with the passwords in the data folder)
 *   running      → the embedded ones, by the notes that they leave in the data folder
 *   not running  → the embedded ones, started for the audit and stopped after it
 */
type Environment = Record<string, string | undefined>
type Parts = { systemUrl: string; s3: S3Access; stop(): Promise<void> }

const HOUR_MS = 3_600_000
/** As the audit asks: one holds the rows, one looks things up. */
const CONNECTIONS = 3

/** @param now Unix milliseconds. Throws a {@link StartFailure} where the parts cannot be found. */
export async function runAudit(env: Environment, now: number): Promise<AuditReport> {
  const parts = await findParts(env)
  const db = connect(parts.systemUrl, { max: CONNECTIONS, name: 'bitvault audit' })
  try {
    const graceMs = Number(env['GC_GRACE_MS'] || HOUR_MS)
    return await audit({ db, store: s3ObjectStore(parts.s3), now, graceMs })
  } finally {
    await db.end({ timeout: 5 })
    await parts.stop()
  }
}

const nothing = (): Promise<void> => Promise.resolve()

async function findParts(env: Environment): Promise<Parts> {
  const { dir, databaseUrl, s3 } = readStartRequest([], env, PROJECT_DIR)
  const systemUrl = env['SYSTEM_DATABASE_URL']
  if (systemUrl && s3 !== undefined) return { systemUrl, s3, stop: nothing }
  const secrets = await readSecrets(dir)
  const given = systemUrl ?? (databaseUrl && withLogin(databaseUrl, 'bitvault_system', secrets.systemPassword))
  if (given && s3 !== undefined) return { systemUrl: given, s3, stop: nothing }
  const lock = lockUnlessRunning(dir)
  if (lock === null) return runningParts(dir, secrets, { systemUrl: given || undefined, s3 })
  return startParts({ dir, secrets, lock, systemUrl: given || undefined, s3 })
}

type StartRequest = {
  dir: string
  secrets: Secrets
  lock: Lock
  systemUrl: string | undefined
  s3: S3Access | undefined
}

/** Without migrations: the audit changes nothing. */
async function startParts({ dir, secrets, lock, systemUrl, s3 }: StartRequest): Promise<Parts> {
  const stoppers: (() => Promise<void> | void)[] = [() => lock.release()]
  const stop = async (): Promise<void> => {
    for (const one of stoppers.toReversed()) await one()
  }
  try {
    const request = { dir, secrets, log: () => {}, signal: undefined }
    const bucket = await provideS3(request, s3)
    stoppers.push(bucket.stop)
    if (systemUrl !== undefined) return { systemUrl, s3: bucket.value, stop }
    const { ownerPassword, systemPassword } = secrets
    const server = await startPostgres({ dataDir: join(dir, 'postgres'), ownerPassword })
    stoppers.push(() => server.stop())
    return { systemUrl: withLogin(server.ownerUrl, 'bitvault_system', systemPassword), s3: bucket.value, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The audit makes nothing: a folder without an installation is a mistake. */
async function readSecrets(dir: string): Promise<Secrets> {
  const found = await stat(join(dir, 'secrets.json')).catch(() => null)
  if (found !== null) return loadSecrets(dir)
  throw new StartFailure(
    `There is no installation in ${dir}.`,
    'Name its folder with BITVAULT_DIR, or set SYSTEM_DATABASE_URL and S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY.',
  )
}

function lockUnlessRunning(dir: string): Lock | null {
  try {
    return takeLock(dir)
  } catch (error) {
    if (error instanceof StartFailure) return null
    throw error
  }
}

async function runningParts(
  dir: string,
  secrets: Secrets,
  given: { systemUrl: string | undefined; s3: S3Access | undefined },
): Promise<Parts> {
  const systemUrl = given.systemUrl ?? (await runningDatabase(dir, secrets))
  const s3 = given.s3 ?? (await runningBucket(dir, secrets))
  return { systemUrl, s3, stop: nothing }
}

/** The fourth line of postmaster.pid is the port (PostgreSQL, section 18.1 of its documentation). */
async function runningDatabase(dir: string, secrets: Secrets): Promise<string> {
  const moved = await readFile(join(dir, 'postgres.location'), 'utf8').catch(() => null)
  const pidFile = join(moved?.trim() || join(dir, 'postgres'), 'postmaster.pid')
  const port = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[3] ?? ''
  if (!/^\d+$/.test(port)) throw stillStarting()
  return `postgres://bitvault_system:${encodeURIComponent(secrets.systemPassword)}@127.0.0.1:${port}/bitvault`
}

async function runningBucket(dir: string, secrets: Secrets): Promise<S3Access> {
  const note = await readFile(join(dir, 'r2', 'serving.json'), 'utf8').catch(() => null)
  const port: unknown = note === null ? undefined : (JSON.parse(note) as { port?: unknown }).port
  if (typeof port !== 'number') throw stillStarting()
  return {
    endpoint: `http://127.0.0.1:${port}/cdn-cgi/local/r2/s3`,
    region: 'auto',
    bucket: 'bitvault',
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
  }
}

const stillStarting = () =>
  new StartFailure('BitVault is just starting or stopping on this folder.', 'Run the audit again in a moment.')
