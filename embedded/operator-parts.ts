import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readStartRequest } from './arguments.ts'
import { withLogin } from './database.ts'
import { StartFailure } from './failure.ts'
import { takeLock, type Lock } from './lock.ts'
import { startPostgres } from './postgres.ts'
import { loadSecrets, type Secrets } from './secrets.ts'
import { provideS3, type S3Access } from './stack-parts.ts'
import { PROJECT_DIR } from './worker-config.ts'

/**
 * How an operator's command finds the database and the bucket, as `npm start` does:
 *
 *   environment  → those              (SYSTEM_DATABASE_URL, or DATABASE_URL with the passwords in the data folder)
 *   running      → the embedded ones, by the notes that they leave in the data folder
 *   not running  → the embedded ones, started for the command and stopped after it
 */
export type Environment = Record<string, string | undefined>
export type DatabasePart = { systemUrl: string; stop(): Promise<void> }
export type OperatorParts = DatabasePart & { s3: S3Access }

type Started<T> = { value: T; stop(): Promise<void> }

/** Throws a {@link StartFailure} where the parts cannot be found. */
export async function findParts(env: Environment): Promise<OperatorParts> {
  const place = await findPlace(env)
  if (place.systemUrl !== undefined && place.s3 !== undefined)
    return { systemUrl: place.systemUrl, s3: place.s3, stop: nothing }
  return inFolder(place, async ({ dir, secrets, isRunning }) => {
    const request = { dir, secrets, log: () => {}, signal: undefined }
    const bucket =
      isRunning && place.s3 === undefined
        ? { value: await runningBucket(dir, secrets), stop: nothing }
        : await provideS3(request, place.s3)
    const database = await provideDatabase(place, { dir, secrets, isRunning }).catch(async (error: unknown) => {
      await bucket.stop()
      throw error
    })
    const stop = async (): Promise<void> => {
      await database.stop()
      await bucket.stop()
    }
    return { systemUrl: database.value, s3: bucket.value, stop }
  })
}

/** The same for what needs no bucket. */
export async function findDatabase(env: Environment): Promise<DatabasePart> {
  const place = await findPlace(env)
  if (place.systemUrl !== undefined) return { systemUrl: place.systemUrl, stop: nothing }
  return inFolder(place, async (folder) => {
    const { value, stop } = await provideDatabase(place, folder)
    return { systemUrl: value, stop }
  })
}

const nothing = (): Promise<void> => Promise.resolve()

type Place = { dir: string; secrets: Secrets | null; systemUrl: string | undefined; s3: S3Access | undefined }
type Folder = { dir: string; secrets: Secrets; isRunning: boolean }

async function findPlace(env: Environment): Promise<Place> {
  const { dir, databaseUrl, s3 } = readStartRequest([], env, PROJECT_DIR)
  const systemUrl = env['SYSTEM_DATABASE_URL']
  if (systemUrl) return { dir, secrets: null, systemUrl, s3 }
  const secrets = await readSecrets(dir)
  const given = databaseUrl && withLogin(databaseUrl, 'bitvault_system', secrets.systemPassword)
  return { dir, secrets, systemUrl: given || undefined, s3 }
}

/** Nobody else starts on the folder meanwhile. */
async function inFolder<T extends DatabasePart>(place: Place, work: (folder: Folder) => Promise<T>): Promise<T> {
  const { dir } = place
  const secrets = place.secrets ?? (await readSecrets(dir))
  const lock = lockUnlessRunning(dir)
  try {
    const parts = await work({ dir, secrets, isRunning: lock === null })
    const stop = async (): Promise<void> => {
      await parts.stop()
      lock?.release()
    }
    return { ...parts, stop }
  } catch (error) {
    lock?.release()
    throw error
  }
}

/** Without migrations: an operator's command changes no schema. */
async function provideDatabase({ systemUrl }: Place, { dir, secrets, isRunning }: Folder): Promise<Started<string>> {
  if (systemUrl !== undefined) return { value: systemUrl, stop: nothing }
  if (isRunning) return { value: await runningDatabase(dir, secrets), stop: nothing }
  const { ownerPassword, systemPassword } = secrets
  const server = await startPostgres({ dataDir: join(dir, 'postgres'), ownerPassword })
  return { value: withLogin(server.ownerUrl, 'bitvault_system', systemPassword), stop: () => server.stop() }
}

/** These commands make nothing: a folder without an installation is a mistake. */
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
  new StartFailure('BitVault is just starting or stopping on this folder.', 'Run the command again in a moment.')
