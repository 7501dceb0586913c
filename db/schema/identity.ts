import { sql } from 'drizzle-orm'
import { check, foreignKey, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { time } from './columns.ts'
import { systemPolicy, tenantReadPolicies } from './policies.ts'

/*
 * Who may come in. No secret stands here in the clear: passwords as scrypt, every token and code as SHA-256.
 * Row security is forced on all of it and opens for one role only, `bitvault_system`, whose queries are the named
 * functions in db/system/identity/. The tenant role `bitvault_app` may read its own tenant's memberships and
 * sessions and nothing else here: the journal asks them at every commit, so that a revocation counts at once.
 */

export const tenants = pgTable(
  'tenants',
  {
    id: uuid('id').primaryKey(),
    name: text('name').notNull(),
    createdAt: time('created_at').notNull(),
  },
  () => [systemPolicy('tenants')],
)

export const users = pgTable(
  'users',
  {
    id: uuid('id').primaryKey(),
    /** NFKC, lower-case: see core/identity/email.ts. */
    email: text('email').notNull().unique(),
    displayName: text('display_name').notNull(),
    /** `scrypt$N$r$p$salt$hash`; null until an invited person has chosen one. */
    passwordHash: text('password_hash'),
    createdAt: time('created_at').notNull(),
    disabledAt: time('disabled_at'),
  },
  (t) => [check('users_email_lower', sql`${t.email} = lower(${t.email})`), systemPolicy('users')],
)

export const memberships = pgTable(
  'memberships',
  {
    tenantId: uuid('tenant_id')
      .notNull()
      .references(() => tenants.id),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    role: text('role', { enum: ['owner', 'admin', 'member'] }).notNull(),
    createdAt: time('created_at').notNull(),
    removedAt: time('removed_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId] }),
    index('memberships_user').on(t.userId),
    check('memberships_role', sql`${t.role} in ('owner', 'admin', 'member')`),
    ...tenantReadPolicies('memberships'),
  ],
)

/** A signed-in device, browser or API token. Revoking one is setting `revoked_at`: every token of it dies with it. */
export const sessions = pgTable(
  'sessions',
  {
    id: uuid('id').primaryKey(),
    tenantId: uuid('tenant_id').notNull(),
    userId: uuid('user_id').notNull(),
    deviceName: text('device_name').notNull(),
    kind: text('kind', { enum: ['device', 'browser', 'api-token'] }).notNull(),
    createdAt: time('created_at').notNull(),
    lastUsedAt: time('last_used_at').notNull(),
    /** No refresh carries a session past this. */
    absoluteExpiry: time('absolute_expiry').notNull(),
    revokedAt: time('revoked_at'),
  },
  (t) => [
    foreignKey({
      name: 'sessions_membership',
      columns: [t.tenantId, t.userId],
      foreignColumns: [memberships.tenantId, memberships.userId],
    }),
    index('sessions_member').on(t.tenantId, t.userId),
    check('sessions_kind', sql`${t.kind} in ('device', 'browser', 'api-token')`),
    ...tenantReadPolicies('sessions'),
  ],
)

/** The cookie of a browser session. A table of its own, so that the tenant role never sees its hash. */
export const browserCookies = pgTable(
  'browser_cookies',
  {
    hash: text('hash').primaryKey(),
    sessionId: uuid('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
  },
  (t) => [index('browser_cookies_session').on(t.sessionId), systemPolicy('browser_cookies')],
)

/** A family is a session. Rotation: core/identity/refresh.ts. */
export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    hash: text('hash').primaryKey(),
    sessionId: uuid('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    parentHash: text('parent_hash'),
    issuedAt: time('issued_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    rotatedAt: time('rotated_at'),
    /** The successor, sealed under a key derived from this row's own token; erased once the grace time is over. */
    successorSealed: text('successor_sealed'),
  },
  (t) => [index('refresh_tokens_session').on(t.sessionId, t.issuedAt), systemPolicy('refresh_tokens')],
)

export const apiTokens = pgTable(
  'api_tokens',
  {
    id: uuid('id').primaryKey(),
    hash: text('hash').notNull().unique(),
    /** The public part, to recognise a token by in a list. */
    prefix: text('prefix').notNull(),
    sessionId: uuid('session_id')
      .notNull()
      .references(() => sessions.id),
    tenantId: uuid('tenant_id').notNull(),
    userId: uuid('user_id').notNull(),
    name: text('name').notNull(),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    revokedAt: time('revoked_at'),
    lastUsedAt: time('last_used_at'),
  },
  (t) => [
    foreignKey({
      name: 'api_tokens_membership',
      columns: [t.tenantId, t.userId],
      foreignColumns: [memberships.tenantId, memberships.userId],
    }),
    index('api_tokens_member').on(t.tenantId, t.userId),
    systemPolicy('api_tokens'),
  ],
)

/** Device authorisations under way (RFC 8628): core/identity/device-code.ts. Rows go an hour after they expire. */
export const deviceCodes = pgTable(
  'device_codes',
  {
    deviceHash: text('device_hash').primaryKey(),
    userCodeHash: text('user_code_hash').notNull().unique(),
    deviceName: text('device_name').notNull(),
    /** Where the device asked from, for the consent page; null when the edge cannot tell. */
    clientAddress: text('client_address'),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    state: text('state', { enum: ['pending', 'approved', 'denied', 'used'] }).notNull(),
    userId: uuid('user_id').references(() => users.id),
    tenantId: uuid('tenant_id').references(() => tenants.id),
    lastPolledAt: time('last_polled_at'),
    intervalMs: integer('interval_ms').notNull(),
  },
  (t) => [
    index('device_codes_expiry').on(t.expiresAt),
    check('device_codes_state', sql`${t.state} in ('pending', 'approved', 'denied', 'used')`),
    systemPolicy('device_codes'),
  ],
)

/** One-time links with which an invited person sets a first password. */
export const passwordLinks = pgTable(
  'password_links',
  {
    hash: text('hash').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    usedAt: time('used_at'),
  },
  (t) => [index('password_links_user').on(t.userId), systemPolicy('password_links')],
)

/** Back-off counters by key (a hash of what is limited): core/identity/back-off.ts. Old rows are swept as new ones come. */
export const signInAttempts = pgTable(
  'sign_in_attempts',
  {
    key: text('key').primaryKey(),
    failures: integer('failures').notNull(),
    lastAt: time('last_at').notNull(),
  },
  (t) => [index('sign_in_attempts_age').on(t.lastAt), systemPolicy('sign_in_attempts')],
)
