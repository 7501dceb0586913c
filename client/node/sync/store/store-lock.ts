import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../../../core/errors.ts'
import { sqliteCode } from './connection.ts'

const SQLITE_BUSY = 5
const SQLITE_NOTADB = 26

/** The collector of garbage closes a database that nobody refers to, and with it the lock. */
const held = new Set<DatabaseSync>()

/**
 * One process a database (RT-09). The lock is a transaction on an empty SQLite file beside it: the operating system drops it with the process, however
 * that ends, so there is no stale lock and no guessing about process ids. `-owner` only tells people who holds it.
 * @returns gives it back
 * @throws `AppError busy`, with the `owner`'s process id when it is known
 */
export function takeStoreLock(path: string): () => void {
  const lock = openExclusively(path)
  held.add(lock)
  writeFileSync(ownerNote(path), String(process.pid), { mode: 0o600 })
  return () => {
    if (!held.delete(lock)) return
    rmSync(ownerNote(path), { force: true })
    lock.close()
  }
}

function openExclusively(path: string): DatabaseSync {
  const file = `${path}-lock`
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    lock.exec('pragma journal_mode = memory; begin exclusive')
    chmodSync(file, 0o600)
    return lock
  } catch (error) {
    lock.close()
    if (sqliteCode(error) === SQLITE_BUSY) throw alreadyHeld(path, error)
    if (sqliteCode(error) !== SQLITE_NOTADB) throw error
    rmSync(file) // it never holds anything
    return openExclusively(path)
  }
}

const ownerNote = (path: string): string => `${path}-owner`

function alreadyHeld(path: string, cause: unknown): AppError {
  let owner: number | null = null
  try {
    owner = Number(readFileSync(ownerNote(path), 'utf8')) || null
  } catch {
    // It is only just starting.
  }
  const who = owner === null ? 'another process' : `process ${owner}`
  return new AppError('busy', { detail: `this folder is being synced by ${who}`, owner }, { cause })
}
