import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TenantId } from '../../core/ids.ts'
import { type Db, type Tx, asTenant, connect } from '../../db/connect.ts'
import { type Scratch, scratchDatabase, withSql } from './scratch.ts'

/**
 * One connection for everybody: 1,000 transactions of 50 tenants queue for it, and most of them go wrong in some way.
 * Every read asks for all rows, with no predicate: what comes back is what row security lets through.
 */
const TENANTS = 50
const TRANSACTIONS = 1000
const ROWS_EACH = 3
/** What another connection cancels as soon as it sees it. */
const CANCELLED = 'select pg_sleep(60)'

const tenants = Array.from(
  { length: TENANTS },
  (_, i) => `${(i + 1).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000` as TenantId,
)

let scratch: Scratch
beforeAll(async () => {
  scratch = await scratchDatabase()
  await withSql(
    scratch.adminUrl,
    (sql) => sql`
      insert into mutations (tenant_id, id, fingerprint, seq, outcome, at)
      select t::uuid, gen_random_uuid(), t, n, 'applied', now()
      from jsonb_array_elements_text(${JSON.stringify(tenants)}::text::jsonb) t, generate_series(1, ${ROWS_EACH}::int) n`,
  )
})
afterAll(() => scratch?.drop())

type Read = { fingerprint: string }
type Tally = { reads: number; foreign: number; missing: number; errors: Record<string, number> }
type Door = (db: Db, tenant: TenantId, work: (tx: Tx) => Promise<unknown>) => Promise<unknown>

const readAll = (tx: Db | Tx) => tx<Read[]>`select fingerprint from mutations`

const write = (tx: Tx, tenant: TenantId) =>
  tx`insert into mutations (tenant_id, id, fingerprint, seq, outcome, at)
     values (${tenant}, gen_random_uuid(), ${tenant}, 9, 'applied', now())`

/** What a transaction does besides reading. All but the first end in an error. */
const DEEDS: readonly ((tx: Tx, tenant: TenantId) => Promise<unknown>)[] = [
  async () => {},
  async (tx, tenant) => {
    await write(tx, tenant)
    throw Object.assign(new Error('changed its mind'), { code: 'ROLLBACK' })
  },
  (tx) => tx`select 1 / (select count(*) - count(*) from mutations)`,
  (tx, tenant) => tx`insert into mutations select * from mutations where tenant_id = ${tenant}`,
  async (tx) => {
    await tx`set local statement_timeout = 5`
    await tx`select pg_sleep(60)`
  },
  (tx) => tx.unsafe(CANCELLED),
]

/** Slow ones are few. Otherwise by turns, out of step with the tenants. */
function deedOf(index: number): (typeof DEEDS)[number] {
  if (index % 41 === 0) return DEEDS[4]!
  if (index % 43 === 0) return DEEDS[5]!
  return DEEDS[index % 4]!
}

async function runAll(db: Db, door: Door): Promise<Tally> {
  const tally: Tally = { reads: 0, foreign: 0, missing: 0, errors: {} }
  const look = (rows: readonly Read[], tenant: TenantId | null): void => {
    tally.reads += 1
    const own = rows.filter(({ fingerprint }) => fingerprint === tenant).length
    tally.foreign += rows.length - own
    if (tenant !== null && own < ROWS_EACH) tally.missing += 1
  }
  const one = async (index: number): Promise<void> => {
    const tenant = tenants[(index * 7) % TENANTS]!
    if (index % 10 === 3) return look(await readAll(db), null)
    await door(db, tenant, async (tx) => {
      look(await readAll(tx), tenant)
      await deedOf(index)(tx, tenant)
    })
  }
  const count = ({ code = 'UNKNOWN' }: { code?: string }): void => {
    tally.errors[code] = (tally.errors[code] ?? 0) + 1
  }
  await Promise.all(Array.from({ length: TRANSACTIONS }, (_, index) => one(index).catch(count)))
  return tally
}

async function run(door: Door): Promise<Tally> {
  const db = connect(scratch.appUrl, { max: 1 })
  const done = new AbortController()
  const cancelling = cancelUntil(done.signal)
  try {
    return await runAll(db, door)
  } finally {
    done.abort()
    await Promise.all([db.end({ timeout: 5 }), cancelling])
  }
}

const cancelUntil = (done: AbortSignal): Promise<void> =>
  withSql(scratch.adminUrl, async (sql) => {
    while (!done.aborted) {
      await sql`select pg_cancel_backend(pid) from pg_stat_activity
        where datname = current_database() and state = 'active' and query = ${CANCELLED}`
      await sql`select pg_sleep(0.005)`
    }
  })

test('RS-17: one connection, 1,000 transactions of 50 tenants, errors, timeouts, cancellations: no foreign row (T9)', async () => {
  const { reads, foreign, missing, errors } = await run(asTenant)
  expect({ foreign, missing }).toEqual({ foreign: 0, missing: 0 })
  // Whoever did not come through the door was refused, all 100 of them, and never read.
  expect(errors['22P02'] ?? 0).toBeGreaterThanOrEqual(95)
  // Everything that should go wrong did, and nothing else.
  expect(Object.keys(errors).sort()).toEqual(['22012', '22P02', '23505', '57014', 'ROLLBACK'])
  expect(reads).toBeGreaterThan(800)
})

test('RS-17: the same run with a tenant set for the session leaks, and is seen to (T9)', async () => {
  const forTheSession: Door = (db, tenant, work) =>
    db.begin(async (tx) => {
      await tx`select set_config('app.tenant_id', ${tenant}, false)`
      return work(tx)
    })
  const { foreign } = await run(forTheSession)
  expect(foreign).toBeGreaterThan(0)
})
