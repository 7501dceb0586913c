import { randomBytes } from 'node:crypto'
import postgres, { type Sql } from 'postgres'
import { inject } from 'vitest'
import { migrate } from '../../db/migrate.ts'
import { dropDatabase, ensureDatabase, withDatabase, withLogin } from '../../embedded/database.ts'
import { seedRows } from './rows.ts'

/** A copy of the migrated database with a row of two tenants in every table, and the URLs of those who log in. */
export type Scratch = { adminUrl: string; appUrl: string; systemUrl: string; drop: () => Promise<void> }

export async function scratchDatabase(): Promise<Scratch> {
  const { ownerUrl, template } = inject('postgres')
  const name = `rls_${randomBytes(6).toString('hex')}`
  const adminUrl = await ensureDatabase(ownerUrl, name, template.name)
  // A copy has its tables' rights, but not those on the database itself. Also: migrating twice changes nothing.
  await migrate({ ownerUrl: adminUrl, ...template })
  await withSql(adminUrl, async (sql) => {
    for (const [table, row] of seedRows()) await sql.unsafe(insertRow(table), [JSON.stringify(row)])
  })
  const login = (user: string, password: string) => withLogin(withDatabase(ownerUrl, name), user, password)
  return {
    adminUrl,
    appUrl: login('bitvault_app', template.appPassword),
    systemUrl: login('bitvault_system', template.systemPassword),
    drop: () => dropDatabase(ownerUrl, name),
  }
}

/** Parameter 1: the row as JSON text. Its columns are all it has; the rest is null. */
export const insertRow = (table: string): string =>
  `insert into ${table} select * from jsonb_populate_record(null::${table}, $1::text::jsonb)`

/** One connection, closed afterwards. */
export async function withSql<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

const RACES = 5
/** "tuple concurrently updated": roles belong to the whole server, and another test has just changed one. */
const LOST_A_RACE = 'XX000'

/** Whatever `work` does to the database is taken back. It is done again if it lost a race for a role. */
export async function inRollback<T>(sql: Sql, work: (tx: postgres.TransactionSql) => Promise<T>): Promise<T> {
  const done = Symbol('rolled back')
  for (let attempt = 1; ; attempt += 1) {
    let result: T | undefined
    try {
      await sql.begin(async (tx) => {
        result = await work(tx)
        throw done
      })
    } catch (error) {
      if (error === done) return result as T
      if ((error as { code?: string }).code !== LOST_A_RACE || attempt === RACES) throw error
    }
  }
}
