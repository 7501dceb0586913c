import type { JournalEntry } from '../../core/namespace/effects.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import type { SpaceId, TenantId } from '../../core/ids.ts'
import type { Tx } from '../connect.ts'

/** What a reader of the journal sees of an entry. */
export type FeedEntry = { seq: number; kind: JournalEntry['kind']; at: number; spaceId: SpaceId; node: NodeState }

/** Read at one moment. */
export type JournalPage = {
  entries: FeedEntry[]
  head: number
  /** The last entry that compaction has removed. */
  horizon: number
  epoch: string
}

/**
 * Entries after `after`, in order, of every space: the filter by rights is the caller's.
 * Bounded by rows; an entry is about 600 bytes.
 */
export async function readJournal(tx: Tx, tenant: TenantId, after: number, limit: number): Promise<JournalPage> {
  const [row] = await tx<{ head: number; horizon: number; epoch: string; entries: FeedEntry[] | null }[]>`
    select h.seq::float8 as head, h.horizon::float8 as horizon, h.epoch,
      (select jsonb_agg(e) from (
         select j.seq, j.kind, (extract(epoch from j.at) * 1000)::bigint as at, j.space_id as "spaceId", j.node
         from journal j where j.tenant_id = ${tenant} and j.seq > ${after} order by j.seq limit ${limit}) e) as entries
    from tenant_head h where h.tenant_id = ${tenant}`
  if (!row) throw new Error('a tenant without a head')
  return { ...row, entries: row.entries ?? [] }
}
