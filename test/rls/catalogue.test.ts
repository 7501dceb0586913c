import { PgTable, getTableConfig } from 'drizzle-orm/pg-core'
import { beforeAll, afterAll, describe, expect, test } from 'vitest'
import * as conflicts from '../../db/schema/conflicts.ts'
import * as content from '../../db/schema/content.ts'
import * as identity from '../../db/schema/identity.ts'
import * as namespace from '../../db/schema/namespace.ts'
import * as outbox from '../../db/schema/outbox.ts'
import * as tenancy from '../../db/schema/tenancy.ts'
import { ALLOWED, CATALOGUE, type Offender, catalogueOffenders } from './catalogue.ts'
import { TABLES, isOfTenant } from './rows.ts'
import { type Scratch, scratchDatabase, withSql } from './scratch.ts'

let scratch: Scratch
let offenders: Offender[]
beforeAll(async () => {
  scratch = await scratchDatabase()
  offenders = await withSql(scratch.adminUrl, (sql) => catalogueOffenders(sql))
})
afterAll(() => scratch?.drop())

describe('the catalogue of a migrated database (T8, P1-06)', () => {
  test.each(CATALOGUE)('%s: %s', (rule) => {
    expect(offenders.filter((fault) => fault.rule === rule && !(fault.text in ALLOWED))).toEqual([])
  })

  test('RS-10: every exception is still needed', () => {
    const found = new Set(offenders.map(({ text }) => text))
    expect(Object.keys(ALLOWED).filter((text) => !found.has(text))).toEqual([])
  })
})

test('RS-2: the migrations carry the policies that stand beside the tables', async () => {
  const written = [conflicts, content, identity, namespace, outbox, tenancy]
    .flatMap((file): unknown[] => Object.values(file))
    .filter((value) => value instanceof PgTable)
    .flatMap((table) => {
      const { name, policies } = getTableConfig(table)
      return policies.map((policy) => `${name} ${policy.name} ${policy.for} ${nameOf(policy.to)}`)
    })
  const rows = await withSql(
    scratch.adminUrl,
    (sql) => sql<{ line: string }[]>`
      select tablename || ' ' || policyname || ' ' || lower(cmd) || ' ' || array_to_string(roles, ',') as line from pg_policies`,
  )
  expect(rows.map(({ line }) => line).sort()).toEqual(written.sort())
})

const nameOf = (to: unknown): string => (to as { name: string }).name

test('RS-15: what the app cannot reach is what has no tenant, or secrets', () => {
  const closed = Object.entries(TABLES).filter(([, table]) => table.kind === 'closed')
  expect(closed.filter(([, table]) => isOfTenant(table)).map(([name]) => name)).toEqual(['api_tokens', 'device_codes'])
})

test('RS-3: nobody can log in as the owner', async () => {
  const url = new URL(scratch.adminUrl)
  url.username = 'bitvault_owner'
  await expect(withSql(url.href, (sql) => sql`select 1`)).rejects.toMatchObject({ code: expect.stringMatching(/^28/) })
})

test('RS-7: the rights on the schema are the login roles\u2019 own, not everybody\u2019s', async () => {
  const rows = await withSql(
    scratch.adminUrl,
    (sql) => sql<{ right: string }[]>`
      select coalesce(r.rolname, 'public') || ' ' || a.privilege_type as right
      from pg_namespace n cross join aclexplode(n.nspacl) a left join pg_roles r on r.oid = a.grantee
      where n.nspname = 'public' and (r.rolname is null or r.rolname in ('bitvault_app', 'bitvault_system')) order by 1`,
  )
  expect(rows.map(({ right }) => right)).toEqual(['bitvault_app USAGE', 'bitvault_system USAGE'])
})
