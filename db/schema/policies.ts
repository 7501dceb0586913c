import { sql } from 'drizzle-orm'
import { pgPolicy, pgRole } from 'drizzle-orm/pg-core'

/**
 * Row-level security: the wall behind our own authorisation. Three roles:
 *
 *   bitvault_owner   owns the tables, runs migrations, cannot log in
 *   bitvault_app     what the gateway and the journal log in as: sees one tenant, the one of `app.tenant_id`
 *   bitvault_system  what consumers, identity and the auditor log in as: crosses tenants by explicit policies, never by BYPASSRLS
 *
 * An unset `app.tenant_id` is an error, not an empty answer: `current_setting` without `missing_ok` throws, and the
 * empty string that a finished transaction leaves behind is no uuid. The sub-select makes Postgres evaluate it once a query.
 */
export const appRole = pgRole('bitvault_app').existing()
export const systemRole = pgRole('bitvault_system').existing()

const ofThisTenant = sql`tenant_id = (select current_setting('app.tenant_id')::uuid)`

/** The app sees and writes rows of its tenant; the system role sees all of them. */
export const tenantPolicies = (table: string) => [
  pgPolicy(`${table}_tenant`, { for: 'all', to: appRole, using: ofThisTenant, withCheck: ofThisTenant }),
  systemPolicy(table),
]

/** The app may only read its tenant's rows; the system role writes them. */
export const tenantReadPolicies = (table: string) => [
  pgPolicy(`${table}_tenant_read`, { for: 'select', to: appRole, using: ofThisTenant }),
  systemPolicy(table),
]

/** Rows of no tenant (users, tokens): only the system role reaches them. */
export const systemPolicy = (table: string) =>
  pgPolicy(`${table}_system`, { for: 'all', to: systemRole, using: sql`true`, withCheck: sql`true` })
