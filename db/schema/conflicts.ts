import { sql } from 'drizzle-orm'
import { boolean, foreignKey, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import type { Resolution } from '../../core/namespace/model.ts'
import { closedText, seqColumn, tenantId, time } from './columns.ts'
import { contents } from './content.ts'
import { tenantPolicies } from './policies.ts'

/** A write that met another: what it held, what was there, and how it ended. Named by the mutation that met it. */
export const conflicts = pgTable(
  'conflicts',
  {
    tenantId: tenantId(),
    id: uuid('id').notNull(),
    spaceId: uuid('space_id').notNull(),
    original: uuid('original').notNull(),
    /** `null`: nothing stands beside the original, this row alone may hold the content. */
    copy: uuid('copy'),
    baseRevision: integer('base_revision').notNull(),
    theirRevision: integer('their_revision').notNull(),
    contentRef: uuid('content_ref').notNull(),
    nodeKind: closedText<'file' | 'symlink'>('node_kind').notNull(),
    mtimeNs: text('mtime_ns'),
    executable: boolean('executable').notNull(),
    userId: uuid('user_id').notNull(),
    device: text('device').notNull(),
    at: time('at').notNull(),
    seq: seqColumn('seq').notNull(),
    resolution: closedText<Resolution>('resolution'),
    resolvedAt: time('resolved_at'),
    resolvedBy: uuid('resolved_by'),
    resolvedSeq: seqColumn('resolved_seq'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    foreignKey({ columns: [t.tenantId, t.contentRef], foreignColumns: [contents.tenantId, contents.id] }),
    index('conflicts_space').on(t.tenantId, t.spaceId, t.id),
    index('conflicts_open')
      .on(t.tenantId, t.spaceId, t.id)
      .where(sql`resolved_at is null`),
    index('conflicts_original').on(t.tenantId, t.original),
    // A copy that is purged takes its conflict with it.
    index('conflicts_copy')
      .on(t.tenantId, t.copy)
      .where(sql`copy is not null`),
    index('conflicts_content').on(t.tenantId, t.contentRef),
    ...tenantPolicies('conflicts'),
  ],
)
