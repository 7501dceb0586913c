/** The wire form of a node row, made by Postgres itself: one shape for facts, listings and lookups. `n` aliases `nodes`. */
export const NODE_JSON = `jsonb_build_object(
  'id', n.id, 'spaceId', n.space_id, 'parentId', n.parent_id, 'kind', n.kind, 'name', n.name,
  'contentRevision', n.content_revision, 'placementRevision', n.placement_revision,
  'size', n.size, 'sha256', n.sha256, 'contentId', n.content_id, 'codec', n.codec,
  'mtimeNs', n.mtime_ns, 'executable', n.executable, 'linkTarget', n.link_target,
  'properties', n.properties, 'conflictPolicy', n.conflict_policy,
  'createdAt', (extract(epoch from n.created_at) * 1000)::bigint,
  'changedAt', (extract(epoch from n.changed_at) * 1000)::bigint,
  'changedSeq', n.changed_seq, 'contentSeq', n.content_seq, 'placedSeq', n.placed_seq,
  'trashedAt', (extract(epoch from n.trashed_at) * 1000)::bigint, 'trashedBy', n.trashed_by)`
