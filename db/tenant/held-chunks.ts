/**
 * Chunks that a user may refer to without sending them: verified ones in a version, or in the held content of an open conflict, that
 * the user can read, and what the user uploaded. One location is enough.
 */
export const HELD_CHUNKS = `
  select w."userId", w.sha256, c.object_key, c.byte_offset, c.byte_length
  from wanted w cross join lateral (
    select * from chunks c where c.tenant_id = $TENANT and c.sha256 = w.sha256 and c.state = 'live'
      and (c.uploaded_by = w."userId" or (c.verified and (exists (
        select 1 from content_chunks cc
          join versions v on v.tenant_id = cc.tenant_id and v.content_ref = cc.content_ref
          join nodes n on n.tenant_id = v.tenant_id and n.id = v.node_id and n.purged_at is null
          join space_members sm on sm.tenant_id = n.tenant_id and sm.space_id = n.space_id and sm.user_id = w."userId"
        where cc.tenant_id = c.tenant_id and cc.sha256 = c.sha256 and cc.object_key = c.object_key) or exists (
        select 1 from content_chunks ch
          cross join lateral (
            select * from conflicts k where k.tenant_id = ch.tenant_id and k.content_ref = ch.content_ref and k.resolved_at is null limit 1) k
          join space_members sk on sk.tenant_id = k.tenant_id and sk.space_id = k.space_id and sk.user_id = w."userId"
        where ch.tenant_id = c.tenant_id and ch.sha256 = c.sha256 and ch.object_key = c.object_key))))
    order by c.verified desc limit 1) c`
