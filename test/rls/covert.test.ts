import type { TransactionSql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NodeId, TenantId } from '../../core/ids.ts'
import { asTenant, connect } from '../../db/connect.ts'
import { factsOf, gatherFacts, noFacts } from '../../db/tenant/facts.ts'
import { type Row, TABLES, idOf, tenantOf } from './rows.ts'
import { type Scratch, inRollback, insertRow, scratchDatabase, withSql } from './scratch.ts'

/**
 * Unique indexes and foreign keys look past row security. What they answer to tenant `b` about a row of `a` must be what they
 * answer about a row that nobody has.
 */
let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase()
})
afterAll(() => scratch?.drop())

type Answer = { code: string; message: string; detail: string | undefined; constraint: string | undefined } | 'written'

/** As tenant `b`, in transactions that are taken back. */
const asB = (rows: readonly Row[], table: string, tail = ''): Promise<Answer[]> =>
  withSql(scratch.appUrl, async (sql) => {
    const answers: Answer[] = []
    for (const row of rows) answers.push(await inRollback(sql, (tx) => tryInsert(tx, table, row, tail)).catch(toAnswer))
    return answers
  })

async function tryInsert(tx: TransactionSql, table: string, row: Row, tail: string): Promise<Answer> {
  await tx`select set_config('app.tenant_id', ${tenantOf('b')}, true)`
  await tx.unsafe(insertRow(table) + tail, [JSON.stringify(row)])
  return 'written'
}

const toAnswer = ({ code, message, detail, constraint_name }: ErrorFields): Answer => ({
  code,
  message,
  detail,
  constraint: constraint_name,
})
type ErrorFields = { code: string; message: string; detail?: string; constraint_name?: string }

/** Every id, key and hash of `a`'s row, under the name of `b`. */
const stolen = (row: Row): Row => ({ ...row, tenant_id: tenantOf('b') })
/** The same with values that nobody has: of the letter `a` only `b`s are made, and of every number another. */
const unknown = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(stolen(row)).map(([column, value]) => [
      column,
      typeof value === 'string' && column !== 'tenant_id'
        ? value
            .replace(/^aaaaaaaa/, 'eeeeeeee')
            .replace(/^0+a\d$/, 'e'.repeat(64))
            .replace(/^a\//, 'e/')
        : value,
    ]),
  )

const open = Object.entries(TABLES).filter(([, table]) => table.kind === 'tenant')
/** Random ids that are unique across tenants (RS-10): a clash is seen, and says no more than that. */
const SHARED_KEYS = ['outbox', 'dead_letters']

describe('RS-18: the ids and unique values of another tenant answer as unknown ones do (T10)', () => {
  test.each(open.filter(([name, table]) => !SHARED_KEYS.includes(name) && !table.single))('%s', async (name, table) => {
    const theirs = table.row('a', 1)
    const [taken, unheard] = await asB([stolen(theirs), unknown(theirs)], name)
    expect(unknown(theirs)).not.toEqual(stolen(theirs))
    expect(taken).toEqual(unheard)
  })

  test.each(SHARED_KEYS)('%s: a clash of ids names no value, and writes nothing over', async (name) => {
    const theirs = stolen(TABLES[name]!.row('a', 1))
    expect(await asB([theirs], name)).toEqual([
      { code: '23505', message: expect.any(String), detail: undefined, constraint: `${name}_pkey` },
    ])
    const [over] = await asB([theirs], name, ' on conflict (id) do update set payload = excluded.payload')
    expect(over).toMatchObject({ code: '42501', detail: undefined })
    expect(JSON.stringify(over)).not.toContain('aaaaaaaa')
  })
})

describe('RS-18: a folder of another tenant is as little a parent as one that is not there (T10)', () => {
  const child = (parent: string): Row => ({ ...TABLES['nodes']!.row('b', 2), parent_id: parent })

  test('to the database, which looks at none', async () => {
    const parents = [idOf('a', 1), idOf('a', 99), idOf('b', 1)]
    expect(await asB(parents.map(child), 'nodes')).toEqual(['written', 'written', 'written'])
  })

  test('to the journal, which finds neither', async () => {
    const db = connect(scratch.appUrl)
    const find = (parent: string) =>
      asTenant(db, tenantOf('b') as TenantId, async (tx) => {
        const facts = noFacts()
        await gatherFacts(tx, tenantOf('b') as TenantId, { ...factsOf([]), nodes: [parent as NodeId] }, facts)
        return facts.nodes.get(parent as NodeId)
      })
    try {
      expect(await find(idOf('a', 1))).toBeNull()
      expect(await find(idOf('a', 99))).toBeNull()
      expect(await find(idOf('b', 1))).toMatchObject({ id: idOf('b', 1) })
    } finally {
      await db.end({ timeout: 5 })
    }
  })
})
