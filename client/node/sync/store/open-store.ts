import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../../../../core/errors.ts'
import type { NodeId } from '../../../../core/ids.ts'
import type { SyncStore } from '../../../sync/ports.ts'
import { type Connection, connect, damagedMark, StoreDamage } from './connection.ts'
import { noteAsLeft, wasLeftLikeThis } from './as-left.ts'
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION, UPGRADES } from './schema.ts'
import { sqliteStore, STORE_LIMITS, type StoreLimits } from './sqlite-store.ts'
import { takeStoreLock } from './store-lock.ts'

/**
 * The files of one root:
 *
 *     <path>            the database; `-wal` beside it
 *     <path>-lock       held by the process that uses it; `-owner` says which one
 *     <path>-as-left    the hash of the database as an orderly end left it; not there while it is open
 *     <path>-damaged    damage was met: set aside at the next opening
 *     <path>.damaged-1  what was set aside, with its `-wal`; never deleted by us
 */
export type OpenedStore = {
  store: SyncStore
  /** Nothing is known of this root: both sides are compared, and nothing is deleted (DB-01). */
  isNew: boolean
  /** `false`: the process before ended without `close`. What it did last on the disk may not be noted. */
  wasStoppedCleanly: boolean
  /** Where the damaged database is now, in whose place this new one is (DB-05). */
  setAside: string | null
  /** Closes it and leaves it as after a kill: what that has to bring about at the next opening is still to be done. */
  abandon(): void
}

const CACHE_KIB = 16 * 1024
const WAL_PAGES = 4_000
const WAL_KEPT_BYTES = 16 * 1024 * 1024

type Options = { path: string; root: NodeId; limits?: StoreLimits }

/**
 * @param options.root the folder on the server that this store is of
 * @throws `AppError busy` when another process has it; `precondition-failed` when it was written by a newer version, or for another root
 */
export function openSyncStore({ path, root, limits = STORE_LIMITS }: Options): OpenedStore {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const unlock = takeStoreLock(path)
  try {
    const options = { path, root, limits, unlock }
    if (existsSync(damagedMark(path))) return openAnew(options)
    try {
      return { ...openWhole(options), setAside: null }
    } catch (error) {
      if (error instanceof StoreDamage) return openAnew(options)
      throw error
    }
  } catch (error) {
    unlock()
    throw error
  }
}

type Locked = Required<Options> & { unlock(): void }

function openAnew(options: Locked): OpenedStore {
  const setAside = moveAside(options.path)
  return { ...openWhole(options), setAside }
}

function openWhole({ path, root, limits, unlock }: Locked): Omit<OpenedStore, 'setAside'> {
  const isAsLeft = wasLeftLikeThis(path)
  const db = connect(path)
  try {
    chmodSync(path, 0o600)
    // Nobody else has it open: no memory is shared, and the write-ahead log needs no locks.
    db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full')
    db.exec(`pragma cache_size = -${CACHE_KIB}; pragma wal_autocheckpoint = ${WAL_PAGES}`)
    db.exec(`pragma journal_size_limit = ${WAL_KEPT_BYTES}`)
    const isNew = prepareSchema(db)
    if (!isNew && !isAsLeft) checkWhole(db)
    let isInOrder = true
    const store = sqliteStore(db, { root, limits, onClose: () => finish(store, { path, db, unlock, isInOrder }) })
    const abandon = (): void => {
      isInOrder = false
      store.close()
    }
    return { store, isNew, wasStoppedCleanly: begin(store) || isNew, abandon }
  } catch (error) {
    db.close()
    throw error
  }
}

/** @returns whether the process before stopped cleanly */
function begin(store: SyncStore): boolean {
  const known = store.meta('root')
  if (known !== null && known !== store.root)
    throw new AppError('precondition-failed', { detail: 'the sync database is that of another folder on the server' })
  const wasStoppedCleanly = store.meta('stopped-cleanly') === 'yes'
  store.write((to) => {
    to.setMeta('root', store.root)
    to.setMeta('schema', String(SCHEMA_VERSION))
    to.setMeta('stopped-cleanly', null)
  })
  return wasStoppedCleanly
}

type Ending = { path: string; db: Connection; unlock(): void; isInOrder: boolean }

function finish(store: SyncStore, { path, db, unlock, isInOrder }: Ending): void {
  try {
    try {
      if (isInOrder) store.write((to) => to.setMeta('stopped-cleanly', 'yes'))
    } finally {
      db.close()
    }
    if (isInOrder && !existsSync(damagedMark(path))) noteAsLeft(path)
  } finally {
    unlock()
  }
}

/** @returns whether it was made now */
function prepareSchema(db: Connection): boolean {
  const number = (pragma: string): number => db.prepare(`pragma ${pragma}`).get()![0] as number
  const version = number('user_version')
  if (version > SCHEMA_VERSION)
    throw new AppError('precondition-failed', {
      detail: 'the sync database was written by a newer version of this program: use that one, or a newer one',
      found: version,
      supported: SCHEMA_VERSION,
    })
  if (version > 0 && number('application_id') === APPLICATION_ID) {
    for (let from = version; from < SCHEMA_VERSION; from++) db.exec(`begin immediate; ${UPGRADES[from]} commit`)
    return false
  }
  if (db.prepare('select count(*) from sqlite_schema').get()![0] !== 0)
    throw new StoreDamage(new Error('not a sync database'))
  db.exec(`begin immediate; ${SCHEMA} commit`)
  return true
}

/**
 * Every page is looked at, where it is not known that each is as it was left: that takes ten times as long as to hash them. What is broken
 * shall be found now, and not in the middle of a plan.
 */
function checkWhole(db: Connection): void {
  const [verdict] = db.prepare('pragma quick_check(1)').get()!
  if (verdict !== 'ok') throw new StoreDamage(new Error(String(verdict)))
}

/** @returns where the database is now. The mark goes last: until then, whoever opens it goes on here. */
function moveAside(path: string): string | null {
  writeFileSync(damagedMark(path), '')
  let number = 1
  while (existsSync(`${path}.damaged-${number}`)) number++
  const aside = `${path}.damaged-${number}`
  // The log first: a new database must not find the log of the old one.
  moveIfThere(`${path}-wal`, `${aside}-wal`)
  const isMoved = moveIfThere(path, aside)
  rmSync(damagedMark(path), { force: true })
  return isMoved ? aside : null
}

function moveIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
}
