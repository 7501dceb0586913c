import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../../../core/errors.ts'
import { DamagedState } from './state-codec.ts'
import type { Value } from './value-codec.ts'

const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

/** What is in the file cannot be right. The next opening sets it aside. */
export class StoreDamage extends AppError {
  constructor(cause: unknown) {
    super(
      'internal',
      { detail: 'the sync database is damaged: it is set aside and built anew at the next start' },
      { cause },
    )
  }
}

/** Beside the database, once damage was met. */
export const damagedMark = (path: string): string => `${path}-damaged`

export type Query = {
  get(...values: Value[]): Value[] | undefined
  all(...values: Value[]): Value[][]
  /** @returns how many rows it changed */
  run(...values: Value[]): number
}

/**
 * One SQLite file, whose errors are told apart: `StoreDamage`, which is noted beside the file; `ENOSPC` and `EIO` as system errors with
 * that `code`; others as they are. Statements are prepared once, by whoever asks.
 */
export type Connection = {
  exec(sql: string): void
  prepare(sql: string): Query
  isInTransaction(): boolean
  /** Runs what may meet a state that cannot be read. */
  guard<T>(work: () => T): T
  close(): void
}

export function connect(path: string): Connection {
  const db = new DatabaseSync(path, { timeout: 0 })
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw translate(error, path)
    }
  }
  return {
    exec: (sql) => guard(() => db.exec(sql)),
    prepare(sql) {
      const statement = guard(() => db.prepare(sql))
      statement.setReturnArrays(true)
      return {
        get: (...values) => guard(() => statement.get(...values) as Value[] | undefined),
        all: (...values) => guard(() => statement.all(...values) as unknown as Value[][]),
        run: (...values) => guard(() => Number(statement.run(...values).changes)),
      }
    },
    isInTransaction: () => db.isTransaction,
    guard,
    close: () => db.close(),
  }
}

/** SQLite's primary code, or `null`: it is not an error of SQLite. */
export function sqliteCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : null
}

function translate(cause: unknown, path: string): unknown {
  const code = sqliteCode(cause)
  if (cause instanceof DamagedState || code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    writeFileSync(damagedMark(path), '')
    return new StoreDamage(cause)
  }
  if (code === SQLITE_FULL)
    return Object.assign(new Error('no space left for the sync database', { cause }), { code: 'ENOSPC' })
  if (code === SQLITE_IOERR)
    return Object.assign(new Error('the sync database cannot be read or written', { cause }), { code: 'EIO' })
  return cause
}
