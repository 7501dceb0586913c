/**
 * What lies above a node decides whether it lives. Parts of a query over `nodes n`; parameter 1 is the tenant. A tree that somebody
 * damaged may have a circle: the way up ends after so many folders.
 */
const DEPTH_MAX = 10_000

/**
 * Of node `n`: `fate.is_gone`, it or a folder above it was purged, and nothing between is in the trash by itself (that outlives the purge);
 * `fate.trashed`, the topmost on the way up, itself included, that is in the trash.
 */
export const FATE = `cross join lateral (
  with recursive up as (
    select n.id, n.parent_id, n.trashed_at, n.purged_at, n.trashed_at is not null and n.purged_at is null as outlives, 0 as depth
    union all
    select a.id, a.parent_id, a.trashed_at, a.purged_at, up.outlives or (a.trashed_at is not null and a.purged_at is null), up.depth + 1
    from up cross join lateral (
      select a.* from nodes a where a.tenant_id = $1 and a.id = up.parent_id and up.depth < ${DEPTH_MAX} limit 1) a)
  select bool_or(up.purged_at is not null and not up.outlives) as is_gone,
    (array_agg(up.id order by up.depth desc) filter (where up.trashed_at is not null and up.purged_at is null))[1] as trashed
  from up) fate`

/** Of node `n`: the names of the folders above it, from below the root, as JSON; what is above may be in the trash too. */
export const PATH_ABOVE = `
  (with recursive up as (
     select n.parent_id, null::text as name, 0 as depth
     union all
     select a.parent_id, case when a.purged_at is null then a.name end, up.depth + 1 from up cross join lateral (
       select a.* from nodes a where a.tenant_id = $1 and a.id = up.parent_id and up.depth < ${DEPTH_MAX} limit 1) a)
   select coalesce(jsonb_agg(up.name order by up.depth desc) filter (where up.name is not null and up.parent_id is not null), '[]') from up)`
