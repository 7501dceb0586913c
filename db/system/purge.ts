import { invariant } from '../../core/errors.ts'
import type { NodeId, TenantId } from '../../core/ids.ts'
import type { Db, Tx } from '../connect.ts'
import { lockReleases, releaseContents, type Release } from './release.ts'

/**
 * Removes the rows of purged nodes, and of everything below them. Why the system's: a collector acts for no user and for any tenant.
 *
 * The rows are their own list of what is left to do, so that a tree of any size takes bounded transactions and a kill costs
 * nothing. Each page takes some purged nodes and, of each,
 *
 *     lift      what was trashed by itself below it goes to its parent: it outlives the purge
 *     unfold    folders in it become purged nodes beside it, files in it go at once
 *     remove    the node itself, when nothing is in it any more
 *
 * Nobody changes what lies below a purged node (core/namespace/rules.ts), but for what is lifted: that may be restored or purged
 * at any moment. So lifting takes the lease of the journal: a decision that knows the old place is decided anew.
 */
export type PurgeLimits = {
  /** Purged nodes of a page, and rows below them. */
  nodes: number
  rows: number
  /** Versions of a page. */
  versions: number
  /** Chunk references and versions together; one version may be more. */
  weight: number
}

export const PURGE_LIMITS: PurgeLimits = { nodes: 200, rows: 1_000, versions: 2_000, weight: 20_000 }

/** Purged nodes that are still there, those that were purged first. */
export async function purgedNodes(db: Db | Tx, tenantId: TenantId, limit: number): Promise<NodeId[]> {
  const rows = await db<{ id: NodeId }[]>`
    select id from nodes where tenant_id = ${tenantId} and purged_at is not null order by purged_at limit ${limit}`
  return rows.map(({ id }) => id)
}

/** @returns how many nodes went to the parent of the purged one that they were in, at most `limit` */
export async function liftTrashed(
  db: Db,
  tenantId: TenantId,
  purged: readonly NodeId[],
  limit: number,
): Promise<number> {
  const params = [tenantId, JSON.stringify(purged), limit]
  // Mostly there is nothing: then the journal is left alone.
  if ((await db.unsafe(LIFTED, params)).length === 0) return 0
  return db.begin(async (tx) => {
    await lockReleases(tx, tenantId)
    await takeLease(tx, tenantId)
    const lifted = await tx.unsafe(LIFT, params)
    return lifted.length
  }) as Promise<number>
}

/** What is decided from facts of before is not written: its owner finds itself fenced, and gathers anew. */
export const takeLease = (tx: Tx, tenantId: TenantId): Promise<unknown> =>
  tx`update tenant_head set lease = lease + 1 where tenant_id = ${tenantId}`

/** Look-ups of many keys are laterals, see `enter` in db/connect.ts: a join in any other order would read a whole tenant. */
const ASKED = `(select r::uuid as id from jsonb_array_elements_text($2::text::jsonb) r) asked`

/** That they are purged is asked outside the limit: inside, the index of all that is purged would look cheap. */
const PURGED = `(
  select p.* from ${ASKED}
  cross join lateral (select * from nodes p where p.tenant_id = $1 and p.id = asked.id limit 1) p where p.purged_at is not null) p`

/** By the index of what is trashed in a folder, for the same reason. */
function trashedBelow(folder: string): string {
  return `(select ctid as place, id, kind, purged_at from nodes t
    where t.tenant_id = $1 and t.parent_id = ${folder} and t.trashed_at is not null offset 0)`
}

const LIFTED = `
select u.place, p.parent_id from ${PURGED} cross join lateral (
  select place from ${trashedBelow('p.id')} u where u.purged_at is null limit $3::int) u limit $3::int`

const LIFT = `
with lifted as materialized (${LIFTED})
update nodes n set parent_id = l.parent_id from lifted l where n.tenant_id = $1 and n.ctid = l.place returning 1`

/**
 * One page. A kill between any two of its statements leaves nothing of it.
 * @param beforeCommit called when everything is written
 * @returns how many rows were removed or unfolded; 0: none of these nodes can go yet
 */
export const purgePage = (
  db: Db,
  tenantId: TenantId,
  purged: readonly NodeId[],
  { release, limits, beforeCommit }: { release: Release; limits: PurgeLimits; beforeCommit: () => Promise<void> },
): Promise<number> =>
  db.begin(async (tx) => {
    await lockReleases(tx, tenantId)
    const asked = JSON.stringify(purged)
    const living = await tx.unsafe<Below[]>(LIVING_BELOW, [tenantId, asked, limits.rows])
    const below = [...living, ...(await tx.unsafe<Below[]>(PURGED_BELOW, [tenantId, asked, limits.rows]))]
    const folders = below.filter(({ kind }) => kind === 'folder').map(({ id }) => id)
    if (folders.length > 0) await tx.unsafe(UNFOLD, [tenantId, JSON.stringify(folders)])
    const top = await tx.unsafe<Below[]>(TOP_FILES, [tenantId, asked])
    const files = [...top, ...below].filter(({ kind }) => kind !== 'folder').map(({ id }) => id)
    const work = await removeFiles(tx, tenantId, files, limits, release)
    const met = await removeConflicts(tx, tenantId, purged, limits, release)
    const emptied = await tx.unsafe(REMOVE_EMPTY, [tenantId, asked])
    await beforeCommit()
    return folders.length + work + met + emptied.length
  }) as Promise<number>

type Below = { id: NodeId; kind: 'folder' | 'file' | 'symlink' }

/** What lives in purged folders, locked: what leaves at this moment is not there any more. */
const LIVING_BELOW = `
select c.id, c.kind from ${PURGED} cross join lateral (
  select id, kind from nodes c where c.tenant_id = $1 and c.parent_id = p.id and c.trashed_at is null limit $3::int for update) c
limit $3::int`

const PURGED_BELOW = `
select c.id, c.kind from ${PURGED} cross join lateral (
  select id, kind from ${trashedBelow('p.id')} c where c.purged_at is not null limit $3::int) c
limit $3::int`

/** Its name is free: a row in the trash has none. */
const UNFOLD = `
with up as materialized (
  select c.place, p.parent_id, p.trashed_at, p.purged_at from ${ASKED}
  cross join lateral (select ctid as place, parent_id from nodes c where c.tenant_id = $1 and c.id = asked.id limit 1) c
  cross join lateral (select * from nodes p where p.tenant_id = $1 and p.id = c.parent_id limit 1) p
  where p.purged_at is not null and p.parent_id is not null)
update nodes c set parent_id = up.parent_id, trashed_at = coalesce(c.trashed_at, up.trashed_at, up.purged_at),
  purged_at = coalesce(c.purged_at, up.purged_at)
from up where c.tenant_id = $1 and c.ctid = up.place`

const TOP_FILES = `select p.id, p.kind from ${PURGED} where p.kind <> 'folder'`

const REMOVE_EMPTY = `
with empty as materialized (
  select p.place from ${ASKED}
  cross join lateral (select ctid as place, * from nodes p where p.tenant_id = $1 and p.id = asked.id limit 1) p
  left join lateral (
    select true as there from nodes c where c.tenant_id = $1 and c.parent_id = p.id and c.trashed_at is null limit 1) living on true
  left join lateral (
    select true as there from nodes c where c.tenant_id = $1 and c.parent_id = p.id and c.trashed_at is not null limit 1) trashed on true
  left join lateral (
    select true as there from conflicts k where k.tenant_id = $1 and k.original = p.id limit 1) met on true
  where p.purged_at is not null and p.kind = 'folder' and p.parent_id is not null
    and living.there is null and trashed.there is null and met.there is null)
delete from nodes n using empty where n.tenant_id = $1 and n.ctid = empty.place returning 1`

/** Of the purged nodes themselves: a file that met a folder of its name has a folder for its original. */
async function removeConflicts(
  tx: Tx,
  tenantId: TenantId,
  purged: readonly NodeId[],
  limits: PurgeLimits,
  release: Release,
): Promise<number> {
  const met = await tx.unsafe<{ content: string }[]>(REMOVE_CONFLICTS, [
    tenantId,
    JSON.stringify(purged),
    limits.versions,
  ])
  const contents = met.map(({ content }) => content)
  await releaseContents(tx, tenantId, contents, release)
  return met.length
}

type VersionRow = { nodeId: NodeId; revision: number; content: string; chunks: number }

/**
 * Conflicts of these files, and their versions from the oldest on, as many as a page takes; then the files that have none left. The
 * present version goes with its file, so that there is never a file without one.
 * @returns rows removed
 */
async function removeFiles(
  tx: Tx,
  tenantId: TenantId,
  files: readonly NodeId[],
  limits: PurgeLimits,
  release: Release,
): Promise<number> {
  if (files.length === 0) return 0
  const asked = JSON.stringify(files)
  const met = await tx.unsafe<{ content: string }[]>(REMOVE_CONFLICTS, [tenantId, asked, limits.versions])
  const versions = await tx.unsafe<VersionRow[]>(VERSIONS, [tenantId, asked, limits.versions + 1])
  const taken = takeWeight(versions, limits)
  // A page full of conflicts may have left some: their files wait for the next.
  const isPartial = taken.length < versions.length
  const next = isPartial ? versions[taken.length]!.nodeId : null
  const whole = met.length >= limits.versions ? [] : files.filter((id) => next === null || id < next)
  const going = met.length >= limits.versions ? [] : taken
  await tx.unsafe(REMOVE_VERSIONS, [tenantId, JSON.stringify(going)])
  await releaseContents(
    tx,
    tenantId,
    [...met, ...going].map(({ content }) => content),
    release,
  )
  await tx.unsafe(REMOVE_NODES, [tenantId, JSON.stringify(whole)])
  return met.length + going.length + whole.length
}

/** The first, and as many more as the limits allow. */
export function takeWeight<T extends { chunks: number }>(
  versions: readonly T[],
  limits: { versions: number; weight: number },
): T[] {
  let weight = 0
  const end = versions.findIndex(({ chunks }, i) => {
    weight += 1 + chunks
    return i > 0 && (i >= limits.versions || weight > limits.weight)
  })
  invariant(limits.versions > 0, 'a page takes at least one version')
  return versions.slice(0, end === -1 ? versions.length : end)
}

const FILES = `(select r::uuid as id from jsonb_array_elements_text($2::text::jsonb) r)`

/** A conflict is of its original; and a copy that somebody purged has ended it. */
const REMOVE_CONFLICTS = `
delete from conflicts k where k.tenant_id = $1 and k.id in (
  select k.id from ${FILES} f cross join lateral (
    (select id from conflicts k where k.tenant_id = $1 and k.original = f.id limit $3::int)
    union all
    (select id from conflicts k where k.tenant_id = $1 and k.copy = f.id and k.copy is not null limit $3::int)) k
  limit $3::int)
returning k.content_ref as content`

const VERSIONS = `
select v.node_id as "nodeId", v.revision, v.content_ref as content, t.chunk_count as chunks
from ${FILES} f
cross join lateral (select * from versions v where v.tenant_id = $1 and v.node_id = f.id order by v.revision limit $3::int) v
cross join lateral (select chunk_count from contents t where t.tenant_id = $1 and t.id = v.content_ref limit 1) t
order by v.node_id, v.revision limit $3::int`

export const REMOVE_VERSIONS = `
delete from versions v using jsonb_to_recordset($2::text::jsonb) as r("nodeId" uuid, revision int)
where v.tenant_id = $1 and v.node_id = r."nodeId" and v.revision = r.revision`

const REMOVE_NODES = `delete from nodes n where n.tenant_id = $1 and n.id in ${FILES}`
