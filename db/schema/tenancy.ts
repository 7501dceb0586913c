import { sql } from 'drizzle-orm'
import { foreignKey, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { closedText, seqColumn, tenantId, time } from './columns.ts'
import { tenants } from './identity.ts'
import { tenantPolicies } from './policies.ts'

/** One row a tenant: the head of its journal and the fence round it. Every commit must hold `lease`. */
export const tenantHead = pgTable(
  'tenant_head',
  {
    tenantId: tenantId()
      .primaryKey()
      .references(() => tenants.id),
    /** Changes when the journal is restored from a backup: cursors of another epoch are reset. */
    epoch: uuid('epoch').notNull(),
    seq: seqColumn('seq').notNull().default(0),
    lease: seqColumn('lease').notNull().default(0),
    /** The last entry that the collector removed: a cursor before it starts anew. */
    horizon: seqColumn('horizon').notNull().default(0),
    /** When retention and compaction last looked at this tenant. */
    tendedAt: time('tended_at'),
  },
  (t) => [index('tenant_head_tended').on(t.tendedAt.nullsFirst()), ...tenantPolicies('tenant_head')],
)

export const spaces = pgTable(
  'spaces',
  {
    tenantId: tenantId().references(() => tenants.id),
    id: uuid('id').notNull(),
    kind: closedText<'personal' | 'team'>('kind').notNull(),
    name: text('name').notNull(),
    /** The member whose personal space this is. */
    ownerId: uuid('owner_id'),
    rootId: uuid('root_id').notNull(),
    createdAt: time('created_at')
      .notNull()
      .default(sql`now()`),
    /** How long the trash is kept, and older versions; `null` = for ever, however many. */
    trashDays: integer('trash_days').notNull().default(30),
    versionDays: integer('version_days'),
    versionCount: integer('version_count'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('spaces_personal')
      .on(t.tenantId, t.ownerId)
      .where(sql`kind = 'personal'`),
    uniqueIndex('spaces_team_name')
      .on(t.tenantId, t.name)
      .where(sql`kind = 'team'`),
    ...tenantPolicies('spaces'),
  ],
)

export const spaceMembers = pgTable(
  'space_members',
  {
    tenantId: tenantId(),
    spaceId: uuid('space_id').notNull(),
    userId: uuid('user_id').notNull(),
    role: closedText<'reader' | 'writer' | 'manager'>('role').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId, t.spaceId] }),
    foreignKey({ columns: [t.tenantId, t.spaceId], foreignColumns: [spaces.tenantId, spaces.id] }),
    ...tenantPolicies('space_members'),
  ],
)

/** The clients that keep a copy of spaces: where each stands, and how it fares. Its session is what lets it in. */
export const devices = pgTable(
  'devices',
  {
    tenantId: tenantId(),
    id: uuid('id').notNull(),
    userId: uuid('user_id').notNull(),
    sessionId: uuid('session_id').notNull(),
    name: text('name').notNull(),
    platform: text('platform').notNull(),
    createdAt: time('created_at').notNull(),
    lastSeenAt: time('last_seen_at').notNull(),
    /** The cursor that it asked with last. */
    cursorEpoch: uuid('cursor_epoch'),
    cursorSeq: seqColumn('cursor_seq'),
    /** As the device told it. */
    lastError: text('last_error'),
    revokedAt: time('revoked_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('devices_user').on(t.tenantId, t.userId, t.id),
    index('devices_session').on(t.tenantId, t.sessionId),
    ...tenantPolicies('devices'),
  ],
)
