import type { NodeId, SpaceId, TenantId } from '../../core/ids.ts'
import {
  isExpired,
  trashCutoffMs,
  versionCutoffMs,
  type KeepingRules,
  type VersionStanding,
} from '../../core/retention.ts'
import type { Db, Tx } from '../connect.ts'
import { REMOVE_VERSIONS, takeLease, takeWeight } from './purge.ts'
import { lockReleases, releaseContents, type Release } from './release.ts'

/** What has passed its time by the rules of its space. Why the system's: a collector acts for no user and for any tenant. */
export type SpaceRules = KeepingRules & { spaceId: SpaceId }

export async function keepingRules(db: Db | Tx, tenantId: TenantId): Promise<SpaceRules[]> {
  return db<SpaceRules[]>`
    select id as "spaceId", trash_days as "trashDays", version_days as "versionDays", version_count as "versionCount"
    from spaces where tenant_id = ${tenantId} order by id`
}

/** Tops in the trash that have passed their time (RT-1), at most `limit`, with the time that they passed. */
export async function expiredTrash(
  db: Db | Tx,
  tenantId: TenantId,
  { rules, nowMs, limit }: { rules: readonly SpaceRules[]; nowMs: number; limit: number },
): Promise<ExpiredTrash[]> {
  const spaces = rules.map((rule) => ({ id: rule.spaceId, cutoffMs: trashCutoffMs(rule, nowMs) }))
  return db.unsafe<ExpiredTrash[]>(EXPIRED_TRASH, [tenantId, JSON.stringify(spaces), limit], { prepare: true })
}

export type ExpiredTrash = { id: NodeId; cutoffMs: number }

const EXPIRED_TRASH = `
select n.id, s."cutoffMs" from jsonb_to_recordset($2::text::jsonb) as s(id uuid, "cutoffMs" float8)
cross join lateral (
  select * from nodes n where n.tenant_id = $1 and n.space_id = s.id and n.trashed_at is not null and n.purged_at is null
    and n.trashed_at <= to_timestamp(s."cutoffMs" / 1000)
  order by n.trashed_at limit $3::int) n
limit $3::int`

export type VersionsPage = {
  /** Where the next page begins; `null`: there is none. */
  next: string | null
  removed: number
}

/**
 * Removes what has expired of the versions of the next files after `after`, in the order of their ids. Somebody may restore, label or
 * name one of them at this moment: so removing takes the lease of the journal, and looks again.
 * @param limits files of a page, versions of a page that are looked at, and what one transaction removes
 */
export async function expireVersions(
  db: Db,
  tenantId: TenantId,
  {
    after,
    rules,
    release,
    limits,
  }: { after: string; rules: readonly SpaceRules[]; release: Release; limits: ExpiryLimits },
): Promise<VersionsPage> {
  const files = await filesWithHistory(db, tenantId, after, limits.files)
  const last = files.at(-1)
  if (last === undefined) return { next: null, removed: 0 }
  const expired = await expiredOf(db, tenantId, files, { rules, nowMs: release.nowMs, limit: limits.versions })
  if (expired.length === 0) return { next: last, removed: 0 }
  const removed = await removeExpired(db, tenantId, { files, rules, release, limits })
  // There may be more of the same files; what is left is looked at first.
  return { next: after, removed }
}

export type ExpiryLimits = { files: number; versions: number; weight: number }
export const EXPIRY_LIMITS: ExpiryLimits = { files: 200, versions: 2_000, weight: 20_000 }

/** Files that were ever written a second time. */
async function filesWithHistory(db: Db, tenantId: TenantId, after: string, limit: number): Promise<NodeId[]> {
  const rows = await db<{ id: NodeId }[]>`
    select distinct node_id as id from versions
    where tenant_id = ${tenantId} and node_id > ${after}::uuid and revision > 1 order by node_id limit ${limit}`
  return rows.map(({ id }) => id)
}

type Standing = VersionStanding & {
  nodeId: NodeId
  spaceId: SpaceId
  revision: number
  content: string
  chunks: number
}

/** The oldest versions of these files that have expired: the query finds them, the rule decides. */
async function expiredOf(
  db: Db | Tx,
  tenantId: TenantId,
  files: readonly NodeId[],
  { rules, nowMs, limit }: { rules: readonly SpaceRules[]; nowMs: number; limit: number },
): Promise<Standing[]> {
  const bySpace = new Map(rules.map((rule) => [rule.spaceId, rule]))
  const spaces = rules.map((rule) => ({
    id: rule.spaceId,
    cutoffMs: versionCutoffMs(rule, nowMs),
    count: rule.versionCount,
  }))
  const asked = [tenantId, JSON.stringify(files), JSON.stringify(spaces), limit]
  const standings = await db.unsafe<Standing[]>(STANDINGS, asked, { prepare: true })
  return standings.filter((version) => isExpired(version, bySpace.get(version.spaceId)!, nowMs))
}

/** What is protected is left out, so that a page is never full of what stays. */
const STANDINGS = `
with standing as (
  select v.node_id, v.revision, v.label, v.content_ref, n.space_id, s."cutoffMs", s.count,
    (extract(epoch from lead(v.created_at) over newer) * 1000)::float8 as replaced_ms,
    (count(*) filter (where v.label is null) over older)::int as newer
  from (select r::uuid as id from jsonb_array_elements_text($2::text::jsonb) r) f
  join nodes n on n.tenant_id = $1 and n.id = f.id and n.purged_at is null
  join jsonb_to_recordset($3::text::jsonb) as s(id uuid, "cutoffMs" float8, count int) on s.id = n.space_id
  join versions v on v.tenant_id = $1 and v.node_id = f.id
  window newer as (partition by v.node_id order by v.revision),
    older as (partition by v.node_id order by v.revision desc rows between unbounded preceding and 1 preceding))
select s.node_id as "nodeId", s.space_id as "spaceId", s.revision, s.content_ref as content, t.chunk_count as chunks,
  s.replaced_ms as "replacedMs", s.newer, s.label is not null as "isLabelled", false as "isHeld"
from standing s cross join lateral (select * from contents t where t.tenant_id = $1 and t.id = s.content_ref limit 1) t
left join lateral (
  select true as there from conflicts k where k.tenant_id = $1 and k.original = s.node_id and k.resolved_at is null
    and s.revision in (k.base_revision, k.their_revision) limit 1) met on true
where s.replaced_ms is not null and s.label is null and (s.replaced_ms <= s."cutoffMs" or s.newer >= s.count) and met.there is null
order by s.node_id, s.revision limit $4::int`

const removeExpired = (
  db: Db,
  tenantId: TenantId,
  {
    files,
    rules,
    release,
    limits,
  }: { files: readonly NodeId[]; rules: readonly SpaceRules[]; release: Release; limits: ExpiryLimits },
): Promise<number> =>
  db.begin(async (tx) => {
    await lockReleases(tx, tenantId)
    await takeLease(tx, tenantId)
    const expired = await expiredOf(tx, tenantId, files, { rules, nowMs: release.nowMs, limit: limits.versions })
    const taken = takeWeight(expired, limits)
    await tx.unsafe(REMOVE_VERSIONS, [tenantId, JSON.stringify(taken)])
    await releaseContents(
      tx,
      tenantId,
      taken.map(({ content }) => content),
      release,
    )
    return taken.length
  }) as Promise<number>

/**
 * Removes conflicts that were resolved as long ago as the space keeps its trash (RT-5): a resolved one may be the last to hold the
 * content that was not chosen.
 * @returns how many, at most `limit`
 */
export const forgetConflicts = (
  db: Db,
  tenantId: TenantId,
  { rules, release, limit }: { rules: readonly SpaceRules[]; release: Release; limit: number },
): Promise<number> =>
  db.begin(async (tx) => {
    const spaces = rules.map((rule) => ({ id: rule.spaceId, cutoffMs: trashCutoffMs(rule, release.nowMs) }))
    await lockReleases(tx, tenantId)
    const gone = await tx.unsafe<{ content: string }[]>(FORGET_CONFLICTS, [tenantId, JSON.stringify(spaces), limit])
    await releaseContents(
      tx,
      tenantId,
      gone.map(({ content }) => content),
      release,
    )
    return gone.length
  }) as Promise<number>

const FORGET_CONFLICTS = `
delete from conflicts k where k.tenant_id = $1 and k.resolved_at is not null and k.id in (
  select k.id from jsonb_to_recordset($2::text::jsonb) as s(id uuid, "cutoffMs" float8)
  cross join lateral (
    select id from conflicts k where k.tenant_id = $1 and k.space_id = s.id and k.resolved_at <= to_timestamp(s."cutoffMs" / 1000)
    limit $3::int) k
  limit $3::int)
returning k.content_ref as content`

/**
 * Leaves the messages that have tenants tended, those first that have waited longest. At most `limit`; called at any time by anybody.
 * @returns how many
 */
export const scheduleRetention = (
  db: Db,
  { nowMs, everyMs, limit }: { nowMs: number; everyMs: number; limit: number },
): Promise<number> =>
  db.begin(async (tx) => {
    const left = await tx.unsafe(SCHEDULE, [nowMs, nowMs - everyMs, limit])
    return left.length
  }) as Promise<number>

const SCHEDULE = `
with due as (
  select tenant_id from tenant_head where tended_at is null or tended_at <= to_timestamp($2::float8 / 1000)
  order by tended_at nulls first limit $3::int for update skip locked),
tended as (
  update tenant_head h set tended_at = to_timestamp($1::float8 / 1000) from due where h.tenant_id = due.tenant_id
  returning h.tenant_id)
insert into outbox (tenant_id, kind, payload, available_at)
select tenant_id, 'retention.due', '{}', to_timestamp($1::float8 / 1000) from tended returning 1`
