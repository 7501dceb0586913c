import type { BusMessage, Verdict } from '../../../core/event-bus.ts'
import type { Faults } from '../../../core/fault-points.ts'
import type { MutationId, TenantId } from '../../../core/ids.ts'
import { SYSTEM_ACTOR, type Mutation, type Outcome } from '../../../core/namespace/model.ts'
import type { Db } from '../../../db/connect.ts'
import { leaveEvent } from '../../../db/system/outbox.ts'
import {
  expiredTrash,
  expireVersions,
  EXPIRY_LIMITS,
  forgetConflicts,
  keepingRules,
  type SpaceRules,
} from '../../../db/system/retention.ts'
import { compactJournal, type KeepJournal } from '../compaction/compact-journal.ts'

export type RetentionDeps = {
  db: Db
  now: () => number
  graceMs: number
  faults: Faults
  /** Has the tenant's journal decide these changes, like those of any client. */
  commit: (tenantId: TenantId, mutations: Mutation[]) => Promise<Outcome[]>
  /** A new id, a UUID. */
  freshId: () => string
  keepJournal: KeepJournal
  maxPages?: number
}

/** In one delivery; what is left goes on in another message, behind those of other tenants. */
const MAX_PAGES = 20
const TRASH_BATCH = 200
const CONFLICTS_BATCH = 500

const STEPS = ['trash', 'versions', 'conflicts', 'journal'] as const
type Step = (typeof STEPS)[number]
/** Where a run stands: it is told in the message that goes on with it. */
type Position = { step: Step; after: string }

const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/**
 * Tends one tenant: what has passed its time goes (docs/spec/retention.md).
 *
 *     trash (by the journal) ──► versions ──► resolved conflicts ──► journal entries
 *
 * Each page is a transaction of its own, and each looks at the rows as they are: a run that is killed, or comes twice, does nothing
 * that a complete one would not.
 */
export async function keepRetention(message: BusMessage, deps: RetentionDeps): Promise<Verdict> {
  const { tenantId, traceparent } = message
  let position = positionOf(message)
  const rules = await keepingRules(deps.db, tenantId)
  for (let pages = deps.maxPages ?? MAX_PAGES; pages > 0; pages--) {
    const next = await page(message, position, rules, deps)
    if (next === null) return { do: 'ack' }
    position = next
  }
  await leaveEvent(deps.db, { tenantId, kind: 'retention.due', payload: position, traceparent, dueMs: deps.now() })
  return { do: 'ack' }
}

function positionOf({ payload }: BusMessage): Position {
  const step = STEPS.find((name) => name === payload['step']) ?? 'trash'
  return { step, after: typeof payload['after'] === 'string' ? payload['after'] : '' }
}

/** @returns where to go on; `null` at the end */
async function page(
  message: BusMessage,
  { step, after }: Position,
  rules: readonly SpaceRules[],
  deps: RetentionDeps,
): Promise<Position | null> {
  switch (step) {
    case 'trash':
      return (await emptyTrash(message, rules, deps)) ? { step, after: '' } : { step: 'versions', after: '' }
    case 'versions': {
      const next = await expire(message, after, rules, deps)
      return next === null ? { step: 'conflicts', after: '' } : { step, after: next }
    }
    case 'conflicts':
      return (await forget(message, rules, deps)) ? { step, after: '' } : { step: 'journal', after: '' }
    case 'journal':
      return (await compactJournal(message.tenantId, deps)) ? { step, after: '' } : null
  }
}

/** @returns whether there may be more */
async function emptyTrash(
  { tenantId, traceparent }: BusMessage,
  rules: readonly SpaceRules[],
  { db, now, commit, freshId, faults }: RetentionDeps,
): Promise<boolean> {
  await faults('retention.before-trash')
  const expired = await expiredTrash(db, tenantId, { rules, nowMs: now(), limit: TRASH_BATCH })
  if (expired.length === 0) return false
  const mutations = expired.map(({ id, cutoffMs }): Mutation => {
    const mutationId = freshId() as MutationId
    const common = { id: mutationId, fingerprint: mutationId, actor: SYSTEM_ACTOR, traceparent }
    return { kind: 'purge', ...common, node: id, trashedUntil: cutoffMs }
  })
  const outcomes = await commit(tenantId, mutations)
  await faults('retention.after-trash')
  // What was refused was restored meanwhile. A batch of nothing else would be refused again.
  return expired.length === TRASH_BATCH && outcomes.some(({ outcome }) => outcome === 'applied')
}

/** @returns the file after which to go on; `null` at the end */
async function expire(
  { tenantId, traceparent }: BusMessage,
  after: string,
  rules: readonly SpaceRules[],
  { db, now, graceMs, faults }: RetentionDeps,
): Promise<string | null> {
  // Most spaces keep every version: then no file is looked at.
  const ruled = rules.filter(({ versionDays, versionCount }) => versionDays !== null || versionCount !== null)
  await faults('retention.before-versions')
  if (ruled.length === 0) return null
  const release = { nowMs: now(), graceMs, traceparent }
  const from = after === '' ? FIRST_ID : after
  const { next } = await expireVersions(db, tenantId, { after: from, rules: ruled, release, limits: EXPIRY_LIMITS })
  await faults('retention.after-versions')
  return next
}

/** @returns whether there may be more */
async function forget(
  { tenantId, traceparent }: BusMessage,
  rules: readonly SpaceRules[],
  { db, now, graceMs, faults }: RetentionDeps,
): Promise<boolean> {
  await faults('retention.before-conflicts')
  const release = { nowMs: now(), graceMs, traceparent }
  const forgotten = await forgetConflicts(db, tenantId, { rules, release, limit: CONFLICTS_BATCH })
  await faults('retention.after-conflicts')
  return forgotten === CONFLICTS_BATCH
}
