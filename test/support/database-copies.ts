import type { Stack } from '../../embedded/stack.ts'
import postgres, { type Sql } from 'postgres'

/**
 * Backups of a stack's whole database, made and restored by the server itself. Restoring works while the stack runs, as it does for an
 * operator: every connection is cut off, and the next one finds the database as it was.
 */
export function databaseCopies(stack: Pick<Stack, 'ownerUrl'>) {
  const name = new URL(stack.ownerUrl).pathname.slice(1)
  const backup = `${name}_backup`

  async function onServer(work: (sql: Sql) => Promise<void>): Promise<void> {
    const url = new URL(stack.ownerUrl)
    url.pathname = '/postgres'
    const sql = postgres(url.href, { max: 1, onnotice: () => {} })
    try {
      await work(sql)
    } finally {
      await sql.end({ timeout: 5 })
    }
  }

  /** Nobody may be connected to what is copied. */
  async function copy(sql: Sql, from: string, to: string): Promise<void> {
    await sql`alter database ${sql(from)} allow_connections false`
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${from}`
    await sql`drop database if exists ${sql(to)} with (force)`
    await sql`create database ${sql(to)} template ${sql(from)} strategy file_copy`
    await sql`alter database ${sql(from)} allow_connections true`
    await sql`alter database ${sql(to)} allow_connections true`
  }

  return {
    take: () => onServer((sql) => copy(sql, name, backup)),
    restore: () => onServer((sql) => copy(sql, backup, name)),
    remove: () => onServer(async (sql) => void (await sql`drop database if exists ${sql(backup)} with (force)`)),
  }
}
