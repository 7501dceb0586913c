import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartFailure } from './failure.ts'

/**
 * One running BitVault a data folder. The lock is a transaction on an empty SQLite file: the operating system drops it
 * with the process, however that ends, so there is no stale lock and no guessing about process ids.
 * `running.json` beside it only tells people who holds it.
 */
export type Lock = {
  /** Writes down what a second start will be told. */
  announce(running: { url: string }): void
  release(): void
}

/** The collector of garbage closes a database that nobody refers to, and with it the lock. */
const held = new Set<DatabaseSync>()

/** Throws a {@link StartFailure} that names the running one's address when the folder is taken. */
export function takeLock(dir: string): Lock {
  const database = openExclusively(dir)
  held.add(database)
  const note = join(dir, 'running.json')
  return {
    announce: ({ url }) => writeFileSync(note, JSON.stringify({ pid: process.pid, url })),
    release() {
      if (!held.delete(database)) return
      rmSync(note, { force: true })
      database.close()
    },
  }
}

function openExclusively(dir: string): DatabaseSync {
  const file = join(dir, 'lock.db')
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database.close()
    if (/locked|busy/i.test(String(error))) throw alreadyRunning(dir)
    if (!/not a database/i.test(String(error))) throw error
    rmSync(file) // it never holds anything
    return openExclusively(dir)
  }
}

function alreadyRunning(dir: string): StartFailure {
  const note = readNote(dir)
  const where = note ? ` at ${note.url} (process ${note.pid})` : ''
  return new StartFailure(
    `BitVault already runs on this folder${where}.`,
    'Use that one, or stop it first; another folder can run beside it: npm start -- --dir <folder> --port <port>',
  )
}

function readNote(dir: string): { url: string; pid: number } | null {
  try {
    const { url, pid } = JSON.parse(readFileSync(join(dir, 'running.json'), 'utf8')) as { url: string; pid: number }
    return { url: String(url), pid: Number(pid) }
  } catch {
    return null // still starting, or just stopping
  }
}
