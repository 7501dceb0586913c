import { sql } from 'drizzle-orm'
import { boolean, foreignKey, index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { bytea, bytesColumn, closedText, sha256Column, tenantId, time } from './columns.ts'
import { tenantPolicies } from './policies.ts'

/** What one write stored: inline bytes, or a list of chunks. Named by the mutation that wrote it; never changed. */
export const contents = pgTable(
  'contents',
  {
    tenantId: tenantId(),
    id: uuid('id').notNull(),
    contentId: sha256Column('content_id').notNull(),
    codec: closedText<'raw' | 'zstd'>('codec').notNull(),
    size: bytesColumn('size').notNull(),
    sha256: sha256Column('sha256').notNull(),
    inline: bytea('inline'),
    chunkCount: integer('chunk_count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }), ...tenantPolicies('contents')],
)

/**
 * Where stored chunks lie. `staged` objects have no row yet; `live` ones may be referred to; `orphaned_at` says since when
 * no content refers to a chunk; `deleting` ones may not come back to life: they must be uploaded again.
 */
export const chunks = pgTable(
  'chunks',
  {
    tenantId: tenantId(),
    sha256: sha256Column('sha256').notNull(),
    objectKey: text('object_key').notNull(),
    offset: bytesColumn('byte_offset').notNull(),
    length: bytesColumn('byte_length').notNull(),
    state: closedText<'live' | 'deleting' | 'quarantined'>('state').notNull().default('live'),
    /** Inside a pack a hash is a claim until the verify consumer has read the bytes. */
    verified: boolean('verified').notNull(),
    uploadedBy: uuid('uploaded_by').notNull(),
    uploadId: uuid('upload_id').notNull(),
    createdAt: time('created_at')
      .notNull()
      .default(sql`now()`),
    orphanedAt: time('orphaned_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.sha256, t.objectKey] }),
    index('chunks_object').on(t.tenantId, t.objectKey),
    index('chunks_orphaned')
      .on(t.orphanedAt)
      .where(sql`orphaned_at is not null`),
    ...tenantPolicies('chunks'),
  ],
)

export const contentChunks = pgTable(
  'content_chunks',
  {
    tenantId: tenantId(),
    contentRef: uuid('content_ref').notNull(),
    ordinal: integer('ordinal').notNull(),
    sha256: sha256Column('sha256').notNull(),
    objectKey: text('object_key').notNull(),
    size: bytesColumn('size').notNull(),
    plain: bytesColumn('plain').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.contentRef, t.ordinal] }),
    foreignKey({ columns: [t.tenantId, t.contentRef], foreignColumns: [contents.tenantId, contents.id] }),
    // A content can never name a chunk that is not there: no dangling reference, by the database's own word.
    foreignKey({
      columns: [t.tenantId, t.sha256, t.objectKey],
      foreignColumns: [chunks.tenantId, chunks.sha256, chunks.objectKey],
    }),
    index('content_chunks_chunk').on(t.tenantId, t.sha256, t.objectKey),
    ...tenantPolicies('content_chunks'),
  ],
)

/** An upload: a private prefix in the object store, open for a time. Its drafts are what the init described. */
export const uploads = pgTable(
  'uploads',
  {
    tenantId: tenantId(),
    id: uuid('id').notNull(),
    userId: uuid('user_id').notNull(),
    sessionId: uuid('session_id').notNull(),
    state: closedText<'open' | 'committed' | 'expired'>('state').notNull().default('open'),
    drafts: jsonb('drafts').notNull(),
    fileCount: integer('file_count').notNull(),
    committedCount: integer('committed_count').notNull().default(0),
    multipart: jsonb('multipart'),
    /** Chunks in the packs that were declared: what keeps them bounded. */
    packedCount: integer('packed_count').notNull().default(0),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    sweptAt: time('swept_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('uploads_unswept')
      .on(t.expiresAt)
      .where(sql`swept_at is null`),
    ...tenantPolicies('uploads'),
  ],
)

/** Packs that a client declared for an upload: which chunks lie where in which object. */
export const uploadPacks = pgTable(
  'upload_packs',
  {
    tenantId: tenantId(),
    uploadId: uuid('upload_id').notNull(),
    sha256: sha256Column('sha256').notNull(),
    size: bytesColumn('size').notNull(),
    members: jsonb('members').$type<[sha256: string, size: number][]>().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.uploadId, t.sha256] }),
    foreignKey({ columns: [t.tenantId, t.uploadId], foreignColumns: [uploads.tenantId, uploads.id] }),
    ...tenantPolicies('upload_packs'),
  ],
)
