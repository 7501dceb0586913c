import { sql } from 'drizzle-orm'
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { NodeState } from '../../core/namespace/model.ts'
import { bytesColumn, closedText, keyText, seqColumn, sha256Column, tenantId, time } from './columns.ts'
import { contents } from './content.ts'
import { tenantPolicies } from './policies.ts'
import { spaces } from './tenancy.ts'

export const nodes = pgTable(
  'nodes',
  {
    tenantId: tenantId(),
    id: uuid('id').notNull(),
    spaceId: uuid('space_id').notNull(),
    parentId: uuid('parent_id'),
    kind: closedText<'folder' | 'file'>('kind').notNull(),
    name: text('name').notNull(),
    nameKey: keyText('name_key').notNull(),
    contentRevision: integer('content_revision').notNull(),
    placementRevision: integer('placement_revision').notNull(),
    size: bytesColumn('size'),
    sha256: sha256Column('sha256'),
    contentId: sha256Column('content_id'),
    codec: closedText<'raw' | 'zstd'>('codec'),
    mtimeNs: text('mtime_ns'),
    executable: boolean('executable').notNull(),
    createdAt: time('created_at').notNull(),
    changedAt: time('changed_at').notNull(),
    changedSeq: seqColumn('changed_seq').notNull(),
    trashedAt: time('trashed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    foreignKey({ columns: [t.tenantId, t.spaceId], foreignColumns: [spaces.tenantId, spaces.id] }),
    foreignKey({ columns: [t.tenantId, t.parentId], foreignColumns: [t.tenantId, t.id] }),
    // One name a living child (I7), and the order of every listing.
    uniqueIndex('nodes_child')
      .on(t.tenantId, t.parentId, t.nameKey)
      .where(sql`trashed_at is null`),
    ...tenantPolicies('nodes'),
  ],
)

export const versions = pgTable(
  'versions',
  {
    tenantId: tenantId(),
    nodeId: uuid('node_id').notNull(),
    revision: integer('revision').notNull(),
    contentRef: uuid('content_ref').notNull(),
    mtimeNs: text('mtime_ns'),
    executable: boolean('executable').notNull(),
    createdBy: uuid('created_by').notNull(),
    device: text('device').notNull(),
    createdAt: time('created_at').notNull(),
    seq: seqColumn('seq').notNull(),
    conflictOf: uuid('conflict_of'),
    baseRevision: integer('base_revision').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.nodeId, t.revision] }),
    foreignKey({ columns: [t.tenantId, t.nodeId], foreignColumns: [nodes.tenantId, nodes.id] }),
    foreignKey({ columns: [t.tenantId, t.contentRef], foreignColumns: [contents.tenantId, contents.id] }),
    index('versions_content').on(t.tenantId, t.contentRef),
    ...tenantPolicies('versions'),
  ],
)

/** The truth for sync: `seq` strictly rising and gap-free for each tenant, written with the rows that it describes. */
export const journal = pgTable(
  'journal',
  {
    tenantId: tenantId(),
    seq: seqColumn('seq').notNull(),
    kind: closedText<'created' | 'updated'>('kind').notNull(),
    nodeId: uuid('node_id').notNull(),
    spaceId: uuid('space_id').notNull(),
    mutationId: uuid('mutation_id').notNull(),
    userId: uuid('user_id').notNull(),
    sessionId: uuid('session_id').notNull(),
    at: time('at').notNull(),
    node: jsonb('node').$type<NodeState>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.seq] }), ...tenantPolicies('journal')],
)

/** First answers, by mutation id: what makes a retry exactly-once. */
export const mutations = pgTable(
  'mutations',
  {
    tenantId: tenantId(),
    id: uuid('id').notNull(),
    fingerprint: sha256Column('fingerprint').notNull(),
    /** The entry that it made, or the one that had made what it asked for: the node of the answer stands there. */
    seq: seqColumn('seq').notNull(),
    outcome: closedText<'applied' | 'conflict'>('outcome').notNull(),
    /** Of a conflict: the node whose newer content stayed. */
    original: uuid('original'),
    at: time('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }), ...tenantPolicies('mutations')],
)
