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

/** About what a page may weigh. */
const PAGE_BYTES = 1_000_000
/** A long entry is compressed, so that its size says little: what a node may hold says more. */
const ENTRY_MAX = 24_000

/**
 * Entries after `after`, in order, of every space: the filter by rights is the caller's.
 * Bounded by rows and by bytes, so that a page may be shorter than asked for; never empty while there are more.
 * `json_agg`: `jsonb_agg` would copy each node, and take three times as long.
 */
export async function readJournal(tx: Tx, tenant: TenantId, after: number, limit: number): Promise<JournalPage> {
  const [row] = await tx<{ head: number; horizon: number; epoch: string; entries: FeedEntry[] | null }[]>`
    select h.seq::float8 as head, h.horizon::float8 as horizon, h.epoch,
      (select json_agg(e) from (
         select w.seq, w.kind, (extract(epoch from w.at) * 1000)::bigint as at, w.space_id as "spaceId", w.node
         from (
           select j.*, sum(case when pg_column_compression(j.node) is null then pg_column_size(j.node) else ${ENTRY_MAX} end)
             over (order by j.seq rows unbounded preceding) as bytes
           from journal j where j.tenant_id = ${tenant} and j.seq > ${after} order by j.seq limit ${limit}) w
         where w.bytes <= ${PAGE_BYTES}) e) as entries
    from tenant_head h where h.tenant_id = ${tenant}`
  if (!row) throw new Error('a tenant without a head')
  return { ...row, entries: row.entries ?? [] }
}
