import type { TenantId } from '../../core/ids.ts'
import type { Effects } from '../../core/namespace/effects.ts'
import { nameKey } from '../../core/names.ts'
import type { Tx } from '../connect.ts'
import * as statements from './write-statements.ts'

export type Fence = { lease: number; oldSeq: number; at: Date }

/**
 * Writes a batch, one statement a table however large it is, all sent in one go. The first statement is the fence:
 * it moves the head only if the lease and the head are what this owner believes (BV001), so a forked journal cannot be written.
 * @throws PostgresError BV001 (another owner), BV002 (an upload or a chunk changed meanwhile), 23503 (a content that was there is gone)
 */
export function writeEffects(
  tx: Tx,
  tenant: TenantId,
  effects: Effects,
  { lease, oldSeq, at }: Fence,
): Promise<unknown>[] {
  const sent: Promise<unknown>[] = []
  // An answer without an entry is fenced too: another owner may have written the same answer meanwhile.
  if (effects.seq > oldSeq || effects.answers.length > 0) {
    sent.push(tx`select journal_advance(${tenant}, ${lease}, ${oldSeq}, ${effects.seq})`)
  }
  for (const [statement, rows] of writesOf(effects)) {
    if (rows.length > 0) sent.push(tx.unsafe(statement, [tenant, at, JSON.stringify(rows)], { prepare: true }))
  }
  return sent
}

/** In the order in which foreign keys and unique names hold; a statement without rows is not sent. */
const writesOf = (effects: Effects): [statement: string, rows: readonly unknown[]][] => [
  [statements.TOUCH_UPLOADS, [...effects.uploads].map(([id, files]) => ({ id, files }))],
  [statements.KEEP_REUSED, effects.reused],
  [statements.INSERT_CHUNKS, effects.chunks],
  [statements.INSERT_CONTENTS, effects.contents],
  [statements.INSERT_CONTENT_CHUNKS, effects.contentChunks],
  [statements.PARK_NODES, parkedOf(effects)],
  [statements.UPSERT_NODES, [...effects.nodes.values()].map((node) => ({ ...node, nameKey: nameKey(node.name) }))],
  [statements.MARK_PURGED, effects.purged],
  [statements.INSERT_VERSIONS, effects.versions],
  [statements.SET_LABELS, effects.labels],
  [statements.INSERT_CONFLICTS, effects.conflicts],
  [statements.RESOLVE_CONFLICTS, effects.resolutions],
  [statements.INSERT_JOURNAL, effects.journal.map((entry) => ({ ...entry, ...entry.actor }))],
  [statements.INSERT_ANSWERS, answersOf(effects)],
  [statements.INSERT_OUTBOX, effects.outbox],
]

/** Names are free in time unless some node takes one that *another* gives up: then all of them give theirs up first. */
function parkedOf({ nodes, parked }: Effects): string[] {
  if (parked.size === 0) return []
  for (const { id, trashedAt } of nodes.values()) {
    if (trashedAt === null && (parked.size > 1 || !parked.has(id))) return [...parked]
  }
  return []
}

/**
 * The node of an answer is not stored twice: the journal has it under the same seq. Where the mutation itself made no entry, it is
 * stored, since that of another is compacted without this answer.
 */
function answersOf({ journal, answers }: Effects): unknown[] {
  const first = journal[0]?.seq ?? Infinity
  return answers.map(({ mutationId, fingerprint, seq, outcome }) => {
    const facts = outcome.outcome === 'rejected' ? null : outcome
    const entry = journal[seq - first]
    const isEntry = facts !== null && entry?.mutationId === mutationId && entry.node === facts.node
    return {
      mutationId,
      fingerprint,
      seq,
      outcome: outcome.outcome,
      original: outcome.outcome === 'conflict' ? outcome.original : null,
      notice: (outcome.outcome === 'applied' && outcome.notice) || null,
      node: isEntry ? null : facts?.node,
    }
  })
}
