import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres, { type Sql } from 'postgres'
import { harden } from './harden.ts'

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url).href)
/** One migration at a time, whoever starts them. */
const MIGRATION_LOCK = 4_710_824

export type MigrateOptions = {
  /** A login that may create roles (first time) and is, or may become, `bitvault_owner`. */
  ownerUrl: string
  appPassword: string
  systemPassword: string
}

/**
 * Brings the database to this version: the three roles, the schema, forced row security, grants. Safe to repeat and to
 * run twice at once. The tables belong to `bitvault_owner`, which nobody can log in as.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const sql = postgres(options.ownerUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`
    await ensureRoles(sql, options)
    await sql`set role bitvault_owner`
    await applyMigrations(drizzle({ client: sql }), { migrationsFolder: MIGRATIONS })
    await harden(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function ensureRoles(sql: Sql, { appPassword, systemPassword }: MigrateOptions): Promise<void> {
  const owner = await sql`select 1 from pg_roles where rolname = 'bitvault_owner'`
  if (owner.length === 0) {
    // Roles belong to the whole server: two databases may be prepared at once, so a lost race is no error.
    await sql.unsafe('create role bitvault_owner nologin').catch(ignoreDuplicate)
  }
  await sql.unsafe('grant bitvault_owner to current_user with set true, inherit true').catch(ignoreDuplicate)
  for (const [role, password] of [
    ['bitvault_app', appPassword],
    ['bitvault_system', systemPassword],
  ] as const) {
    const [found] = await sql`select 1 from pg_roles where rolname = ${role}`
    if (!found)
      await sql
        .unsafe(`create role ${role} login noinherit nosuperuser nocreatedb nocreaterole nobypassrls`)
        .catch(ignoreDuplicate)
    // ALTER ROLE takes no parameters: the server itself quotes the password.
    const [row] = await sql<
      { statement: string }[]
    >`select format('alter role %I password %L', ${role}::text, ${password}::text) as statement`
    await sql.unsafe(row!.statement).catch(ignoreDuplicate)
  }
  const [db] = await sql<{ name: string }[]>`select format('%I', current_database()) as name`
  await sql.unsafe(
    `grant all on database ${db!.name} to bitvault_owner; grant connect on database ${db!.name} to bitvault_app, bitvault_system`,
  )
  await sql.unsafe('grant all on schema public to bitvault_owner')
}

/** 42710 duplicate object, 23505 lost a race in the catalogue, XX000 "tuple concurrently updated". */
function ignoreDuplicate(error: { code?: string }): void {
  if (error.code !== '42710' && error.code !== '23505' && error.code !== 'XX000') throw error
}
