import { createHash } from 'node:crypto'
import type { TenantId, UserId } from '../core/ids.ts'
import { formatCursor } from '../core/namespace/cursor.ts'
import type { Account } from '../test/support/account.ts'
import { otherTenant } from '../test/support/other-tenant.ts'
import { alternate, secondsOf } from './lib/alternate.ts'
import type { Bench, BenchContext } from './lib/bench.ts'
import { startBenchStack, type BenchStack } from './lib/bench-stack.ts'

const READ = 100_000
const PAGE = 1_000
const MILLION = 1_000_000
/** Rows of one statement: what it sorts and logs stays small. */
const FILL = 500_000

/** A device that was away: it reads the end of a journal, page by page. */
export const bench: Bench = {
  name: 'feed',
  bar: 0.5,
  about:
    'changes/s read from the last 100,000 of a journal of 5,000,000, over the same of one of 100,000, through HTTP',
  run,
}

async function run(context: BenchContext) {
  const bench = await startBenchStack(context)
  const [small, large] = [bench.owner, await otherTenant(bench.stack, 'large@example.com')]
  const entries = context.quick ? 500_000 : 5 * MILLION
  await fill(context, bench, small, READ)
  await fill(context, bench, large, entries)
  await bench.sql`vacuum analyze journal`
  await bench.sql`checkpoint`
  const rounds = { rounds: context.quick ? 2 : 5, warmUps: 1 }
  const compared = await alternate({ baseline: await side(bench, small), ours: await side(bench, large) }, rounds)
  return {
    ratio: Math.round((compared.ours.median / compared.baseline.median) * 100) / 100,
    entries,
    changesPerSecond: Math.round(compared.ours.median),
    changesPerSecondMin: Math.round(compared.ours.min),
    changesPerSecondMax: Math.round(compared.ours.max),
    changesPerSecondOfTheSmall: Math.round(compared.baseline.median),
  }
}

/** A journal of `count` entries, each as large as one of a file. They are metered, so that no consumer works meanwhile. */
async function fill({ note }: BenchContext, { sql }: BenchStack, who: Account, count: number): Promise<void> {
  const { tenantId, userId, home } = who
  note(`filling a journal with ${count} entries`)
  for (let done = 0; done < count; done += FILL) {
    await sql`insert into journal (tenant_id, seq, kind, node_id, space_id, mutation_id, user_id, session_id, at, node)
      select ${tenantId}, i, 'updated', id, ${home.id}, gen_random_uuid(), ${userId}, gen_random_uuid(), now(), jsonb_build_object(
        'id', id, 'spaceId', ${home.id}::text, 'parentId', ${home.rootId}::text, 'kind', 'file', 'name', 'filled ' || i,
        'contentRevision', 1, 'placementRevision', 1, 'size', i, 'sha256', repeat('5', 64), 'contentId', repeat('c', 64), 'codec', 'raw',
        'mtimeNs', '1700000000000000000', 'executable', false, 'linkTarget', null, 'properties', null, 'conflictPolicy', null,
        'createdAt', 1700000000000, 'changedAt', 1700000000000, 'changedSeq', i, 'contentSeq', i, 'placedSeq', i,
        'trashedAt', null, 'trashedBy', null)
      from (select i, gen_random_uuid() as id
        from generate_series(${done + 1}::bigint, ${Math.min(count, done + FILL)}::bigint) i) filled`
  }
  await sql`update tenant_head set seq = ${count} where tenant_id = ${tenantId}`
  await sql`insert into usage (tenant_id, through_seq) values (${tenantId}, ${count})
    on conflict (tenant_id) do update set through_seq = excluded.through_seq`
}

/** Changes a second, of a device that reads the last `READ`. */
async function side({ sql }: BenchStack, who: Account): Promise<() => Promise<number>> {
  const { tenantId, userId } = who
  const [head] = await sql<{ epoch: string; seq: number }[]>`
    select epoch, seq::float8 as seq from tenant_head where tenant_id = ${tenantId}`
  const holder = { tenant: tenantId as TenantId, user: userId as UserId, device: null }
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const start = formatCursor({ epoch: head!.epoch, seq: head!.seq - READ }, holder, hash)
  return async () => {
    let read = 0
    const seconds = await secondsOf(async () => {
      for (let [cursor, more] = [start, true]; more;) {
        const { status, body } = await who.call('GET', `/v1/sync/changes?limit=${PAGE}&cursor=${cursor}`)
        if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(body)}`)
        read += body.changes.length
        ;({ cursor, more } = body)
      }
    })
    if (read !== READ) throw new Error(`${read} changes were read`)
    return read / seconds
  }
}
