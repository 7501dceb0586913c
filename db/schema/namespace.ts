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
import type { EntryKind } from '../../core/namespace/effects.ts'
import type { ConflictPolicy, NodeKind, NodeState, Notice } from '../../core/namespace/model.ts'
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
    /** No foreign key: its check would read a whole folder for each row that is removed. The auditor looks after it. */
    parentId: uuid('parent_id'),
    kind: closedText<NodeKind>('kind').notNull(),
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
    linkTarget: text('link_target'),
    properties: jsonb('properties').$type<Record<string, string>>(),
    conflictPolicy: closedText<ConflictPolicy>('conflict_policy'),
    createdAt: time('created_at').notNull(),
    changedAt: time('changed_at').notNull(),
    changedSeq: seqColumn('changed_seq').notNull(),
    contentSeq: seqColumn('content_seq').notNull().default(0),
    placedSeq: seqColumn('placed_seq').notNull().default(0),
    /** Of the top of what was trashed as a unit; the rows below it say nothing. */
    trashedAt: time('trashed_at'),
    trashedBy: uuid('trashed_by'),
    /** Nobody sees it any more: the collector removes it and what lies below. */
    purgedAt: time('purged_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    foreignKey({ columns: [t.tenantId, t.spaceId], foreignColumns: [spaces.tenantId, spaces.id] }),
    // One name a living child (I7), and the order of every listing.
    uniqueIndex('nodes_child')
      .on(t.tenantId, t.parentId, t.nameKey)
      .where(sql`trashed_at is null`),
    // The trash of a space, oldest first: its listing and its retention.
    index('nodes_trash')
      .on(t.tenantId, t.spaceId, t.trashedAt, t.id)
      .where(sql`trashed_at is not null and purged_at is null`),
    // What was trashed by itself below a folder: it outlives a purge of that folder.
    index('nodes_trashed_child')
      .on(t.tenantId, t.parentId)
      .where(sql`trashed_at is not null`),
    index('nodes_purged')
      .on(t.tenantId, t.purgedAt)
      .where(sql`purged_at is not null`),
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
    /** A labelled version is never expired. */
    label: text('label'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.nodeId, t.revision] }),
    foreignKey({ columns: [t.tenantId, t.nodeId], foreignColumns: [nodes.tenantId, nodes.id] }),
    foreignKey({ columns: [t.tenantId, t.contentRef], foreignColumns: [contents.tenantId, contents.id] }),
    index('versions_content').on(t.tenantId, t.contentRef),
    // Files that were ever written a second time: what the retention of versions looks through.
    index('versions_rewritten')
      .on(t.tenantId, t.nodeId)
      .where(sql`revision > 1`),
    ...tenantPolicies('versions'),
  ],
)

/** The truth for sync: `seq` strictly rising and gap-free for each tenant, written with the rows that it describes. */
export const journal = pgTable(
  'journal',
  {
    tenantId: tenantId(),
    seq: seqColumn('seq').notNull(),
    kind: closedText<EntryKind>('kind').notNull(),
    nodeId: uuid('node_id').notNull(),
    spaceId: uuid('space_id').notNull(),
    mutationId: uuid('mutation_id').notNull(),
    userId: uuid('user_id').notNull(),
    sessionId: uuid('session_id').notNull(),
    at: time('at').notNull(),
    node: jsonb('node').$type<NodeState>().notNull(),
    /** Plaintext bytes of the version that it wrote; null when it wrote none. */
    writtenBytes: bytesColumn('written_bytes'),
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
    notice: closedText<Notice>('notice'),
    /** Only of an answer that made no entry of its own: the entry of `seq` may be gone before the answer is. */
    node: jsonb('node').$type<NodeState>(),
    at: time('at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    // Answers with an entry go with it; these go by their age.
    index('mutations_loose')
      .on(t.tenantId, t.at)
      .where(sql`node is not null`),
    ...tenantPolicies('mutations'),
  ],
)
