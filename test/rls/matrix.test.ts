import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TABLES } from './rows.ts'
import { matrixFaults, withLogins } from './run-matrix.ts'
import { type Scratch, scratchDatabase, withSql } from './scratch.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase()
})
afterAll(() => scratch?.drop())

test('RS-12: the matrix has a row of every table that there is', async () => {
  const tables = await withSql(
    scratch.adminUrl,
    (sql) => sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public' order by 1`,
  )
  expect(Object.keys(TABLES).sort()).toEqual(tables.map(({ name }) => name))
})

test('RS-3: the app and the system role act by their own logins', async () => {
  const who = (url: string) =>
    withSql(url, (sql) => sql`select session_user::text as login, current_user::text as role`)
  expect(await who(scratch.appUrl)).toEqual([{ login: 'bitvault_app', role: 'bitvault_app' }])
  expect(await who(scratch.systemUrl)).toEqual([{ login: 'bitvault_system', role: 'bitvault_system' }])
})

describe('RS-1, RS-6, RS-12 to RS-16: role × verb × whose row (P1-06, P1-11, T8)', () => {
  test.each(Object.keys(TABLES))('%s', async (table) => {
    expect(await withLogins(scratch, (desks) => matrixFaults(desks, [table]))).toEqual([])
  })
})
