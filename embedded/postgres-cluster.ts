import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Child, baseEnvironment, startChild } from './child.ts'
import { StartFailure } from './failure.ts'
import { type PostgresBinaries, initdbOf } from './postgres-binaries.ts'
import type { Account, Place } from './postgres-place.ts'

/** Who the folder's first login is; migrations make the role that owns the tables. */
export const SERVER_LOGIN = 'postgres'
const INITDB_LIMIT_MS = 120_000

/**
 * What lies in a data folder.
 * - `unfinished`: an initialisation that never ended, or something that is no database. PostgreSQL numbers the databases
 *   that people make from 16384, so without such a folder and without its control file or its `postgres` database (5)
 *   nobody can have stored anything in it.
 * - `damaged`: people's databases without what PostgreSQL needs to open them.
 */
export type ClusterState = 'absent' | 'unfinished' | 'complete' | 'damaged'

const FIRST_OWN_DATABASE = 16_384

export async function inspectCluster(dataDir: string): Promise<ClusterState> {
  const entries: string[] = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (entries.length === 0) return 'absent'
  const databases = (await readdir(join(dataDir, 'base')).catch(() => [])).map(Number)
  const versionStands = entries.includes('PG_VERSION')
  const control = await stat(join(dataDir, 'global', 'pg_control')).catch(() => null)
  if (versionStands && control !== null && control.size > 0 && databases.includes(5)) return 'complete'
  return databases.some((number) => number >= FIRST_OWN_DATABASE) ? 'damaged' : 'unfinished'
}

export type ClusterRequest = Place & {
  ownerPassword: string
  log: (line: string) => void
  signal?: AbortSignal | undefined
}

/**
 * Makes the database folder on first use. It is made under another name and renamed when it is complete, so that an
 * interrupted start leaves nothing half-made under the real one. Nothing that may hold data is ever removed.
 * Throws a {@link StartFailure} for a folder that must not be touched.
 */
export async function ensureCluster(request: ClusterRequest): Promise<void> {
  const { dataDir, binaries, log } = request
  await removeLeftovers(dataDir)
  const state = await inspectCluster(dataDir)
  if (state === 'complete') return requireVersion(dataDir, binaries)
  if (state === 'damaged') {
    throw new StartFailure(
      `The database in ${dataDir} is damaged: parts of it are missing.`,
      'Restore the folder from a backup. BitVault leaves it as it is.',
    )
  }
  if (state === 'unfinished') {
    const aside = `${dataDir}.set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`
    await rename(dataDir, aside)
    log(`The database folder was only half made and holds no data: set aside as ${basename(aside)}.`)
  }
  log('Preparing the database (first start only) …')
  await makeCluster(request)
}

const temporaryPrefix = (dataDir: string): string => `${basename(dataDir)}.making-`

/** Of starts that were interrupted: no server ever ran on these. */
async function removeLeftovers(dataDir: string): Promise<void> {
  for (const name of await readdir(dirname(dataDir)))
    if (name.startsWith(temporaryPrefix(dataDir))) await rm(join(dirname(dataDir), name), { recursive: true })
}

async function makeCluster(request: ClusterRequest): Promise<void> {
  const { dataDir, account, ownerPassword } = request
  const temporary = join(dirname(dataDir), `${temporaryPrefix(dataDir)}${randomBytes(6).toString('hex')}`)
  const passwordFile = `${temporary}-password`
  try {
    await mkdir(temporary, { mode: 0o700 })
    await writeFile(passwordFile, `${ownerPassword}\n`, { mode: 0o600 })
    if (account) for (const path of [temporary, passwordFile]) await chown(path, account.uid, account.gid)
    await runInitdb(request, temporary, passwordFile, account)
    await rename(temporary, dataDir).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' && error.code !== 'ENOTEMPTY' && error.code !== 'EPERM') throw error
      await rm(dataDir, { recursive: true }) // it was found empty; Windows does not rename over it
      await rename(temporary, dataDir)
    })
  } finally {
    for (const path of [passwordFile, temporary]) await rm(path, { recursive: true, force: true })
  }
}

async function runInitdb(
  { binaries, signal }: ClusterRequest,
  folder: string,
  passwordFile: string,
  account: Account | undefined,
): Promise<void> {
  // The same order of names and the same letters on every system: no locale of the machine is involved.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const login = [`--username=${SERVER_LOGIN}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const initdb = await startChild(initdbOf(binaries), ['--pgdata', folder, ...login, ...locale], {
    env: baseEnvironment(),
    account,
    signalOnOurDeath: 'KILL',
  }).catch((cause: unknown) => {
    throw cannotRun(cause)
  })
  const stop = (): void => void initdb.stop('SIGTERM', 5000)
  signal?.addEventListener('abort', stop)
  const limit = setTimeout(stop, INITDB_LIMIT_MS)
  const { code } = await initdb.ended
  clearTimeout(limit)
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (code !== 0) throw new Error(initdbTrouble(initdb))
}

const initdbTrouble = (initdb: Child): string => {
  const lines = initdb.lastLines()
  const reason = lines.find((line) => /error|fatal|detail/i.test(line)) ?? lines.at(-1) ?? 'it said nothing'
  return `PostgreSQL could not prepare its data folder: ${reason}\n${lines.join('\n')}`
}

/** The file is there, so what is missing is what it needs: another C library, another processor. */
export const cannotRun = (cause: unknown): StartFailure =>
  new StartFailure(
    'The embedded PostgreSQL cannot run on this machine.',
    'On Linux it needs glibc (Alpine has none). Or name a PostgreSQL server of yours in DATABASE_URL.',
    { cause },
  )

async function requireVersion(dataDir: string, binaries: PostgresBinaries): Promise<void> {
  const found = (await readFile(join(dataDir, 'PG_VERSION'), 'utf8')).trim()
  const ours = binaries.version.split('.')[0]
  if (found === ours) return
  throw new StartFailure(
    `The database was made by PostgreSQL ${found}, and this BitVault brings PostgreSQL ${ours}.`,
    'Start the older BitVault, save the data with pg_dump, and load it into a fresh folder: npm start -- --dir <folder>',
  )
}
