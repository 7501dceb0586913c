import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, readFile, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { StartFailure } from './failure.ts'
import { type PostgresBinaries, postgresOf } from './postgres-binaries.ts'

/**
 * Where the database lies and as whom it runs.
 *
 * PostgreSQL refuses to run as root. When we are root (containers, mostly) it runs as `postgres`, or `nobody` where no
 * such account exists, and must then be able to walk to its data and its programs. Where the project lies in a folder
 * closed to others (/root, say) both move to {@link FALLBACK_BASE}, and a note beside the usual place says so.
 */
export type Place = { dataDir: string; binaries: PostgresBinaries; account: Account | undefined }
export type Account = { uid: number; gid: number; name: string }

export const FALLBACK_BASE = '/var/lib/bitvault'
const ACCOUNTS = ['postgres', 'nobody']

export type PlaceRequest = {
  dataDir: string
  binaries: PostgresBinaries
  log: (line: string) => void
  fallbackBase?: string | undefined
}

/** Throws a {@link StartFailure} when there is no account for it, or when an existing database became unreachable. */
export async function choosePlace({
  dataDir,
  binaries,
  log,
  fallbackBase = FALLBACK_BASE,
}: PlaceRequest): Promise<Place> {
  await mkdir(dirname(dataDir), { recursive: true, mode: 0o711 })
  if (process.getuid?.() !== 0) return { dataDir, binaries, account: undefined }
  const account = await accountForPostgres(dataDir)
  return {
    dataDir: await reachableDataDir({ dataDir, account, log, fallbackBase }),
    binaries: await reachableBinaries(binaries, account, fallbackBase),
    account,
  }
}

/** The owner of an existing database, or else the first of {@link ACCOUNTS} that this machine has. */
async function accountForPostgres(dataDir: string): Promise<Account> {
  const owner = await stat(dataDir).catch(() => null)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, name: `user ${owner.uid}` }
  for (const name of ACCOUNTS) {
    const ids = await Promise.all(['-u', '-g'].map((flag) => promisify(execFile)('id', [flag, name]))).catch(() => null)
    const [uid, gid] = ids?.map(({ stdout }) => Number(stdout)) ?? []
    if (uid && gid) return { uid, gid, name }
  }
  throw new StartFailure(
    'PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as.',
    'Run BitVault as an ordinary user, or add one with: useradd --system postgres',
  )
}

async function reachableDataDir(request: {
  dataDir: string
  account: Account
  log: (line: string) => void
  fallbackBase: string
}): Promise<string> {
  const { dataDir, account, log, fallbackBase } = request
  const note = `${dataDir}.location`
  const moved = await readFile(note, 'utf8').catch(() => null)
  if (moved) return moved.trim()
  if (await canReach(dirname(dataDir), account)) return dataDir
  if ((await readdir(dataDir).catch(() => [])).length > 0) {
    throw new StartFailure(
      `${account.name} can no longer reach the database in ${dataDir}.`,
      'Let other users pass through its parent folders again (chmod o+x), or move the whole folder to such a place.',
    )
  }
  const digest = createHash('sha256')
    .update(await realpath(dirname(dataDir)))
    .update(basename(dataDir))
    .digest('hex')
  const elsewhere = join(fallbackBase, `data-${digest.slice(0, 12)}`)
  await mkdir(fallbackBase, { recursive: true, mode: 0o711 })
  await writeFile(note, `${elsewhere}\n`)
  log(`PostgreSQL runs as ${account.name}, who cannot enter ${dirname(dataDir)}: the database is kept in ${elsewhere}.`)
  return elsewhere
}

async function reachableBinaries(
  binaries: PostgresBinaries,
  account: Account,
  fallbackBase: string,
): Promise<PostgresBinaries> {
  const needed = [postgresOf(binaries), join(binaries.root, 'share', 'postgresql'), join(binaries.root, 'lib')]
  if ((await Promise.all(needed.map((path) => canReach(path, account)))).every(Boolean)) return binaries
  const copy = { ...binaries, root: join(fallbackBase, `postgres-${binaries.version}`) }
  if (await canReach(postgresOf(copy), account)) return copy
  const temporary = `${copy.root}.${randomUUID()}`
  await mkdir(fallbackBase, { recursive: true, mode: 0o711 })
  await cp(binaries.root, temporary, { recursive: true, verbatimSymlinks: true })
  await openToAll(temporary)
  await rename(temporary, copy.root).catch(async (error) => {
    await rm(temporary, { recursive: true })
    if (!(await canReach(postgresOf(copy), account))) throw error // else another start was faster
  })
  return copy
}

/** Whether the account may walk to this file or folder and read (or enter) it. Groups other than its own do not count. */
export async function canReach(path: string, account: Account): Promise<boolean> {
  const real = await realpath(path).catch(() => null)
  if (real === null) return false
  for (let at = real; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
    if (((mode >> shift) & 1) === 0) return false
    if (at === dirname(at)) return true
  }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory()) await chmod(path, 0o755)
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755)
  }
}
