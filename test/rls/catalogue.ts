import type { Sql, TransactionSql } from 'postgres'

/**
 * What the catalogue of a database must say, each rule as a query for what breaks it (docs/spec/row-security.md). Roles
 * and schemas that are not ours are not looked at: a migration's login may be anybody.
 */
const LOGINS = `('bitvault_app', 'bitvault_system')`
const ALL_RIGHTS = `array['SELECT', 'INSERT', 'UPDATE', 'DELETE']`
const OWN_SCHEMAS = `(select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')`
/** As Postgres writes `ofThisTenant` of db/schema/policies.ts. */
const OF_THIS_TENANT = `(tenant_id = ( SELECT (current_setting(''app.tenant_id''::text))::uuid AS current_setting))`
const TABLES = `
  (select c.oid, c.relname as name, c.relrowsecurity, c.relforcerowsecurity,
     exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) as of_tenant
   from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')) t`

const ROW_SECURITY_FORCED = `
  select name || ': row security is not ' || case when relrowsecurity then 'forced' else 'on' end
  from ${TABLES} where not (relrowsecurity and relforcerowsecurity)`

const POLICIES = `
  select tablename || ': policy ' || policyname || ' is none of ours' from pg_policies
  where schemaname = 'public' and not (permissive = 'PERMISSIVE' and (
    (roles = '{bitvault_system}' and cmd = 'ALL' and qual = 'true' and with_check = 'true') or
    (roles = '{bitvault_app}' and cmd = 'ALL' and qual = '${OF_THIS_TENANT}' and with_check = qual) or
    (roles = '{bitvault_app}' and cmd = 'SELECT' and qual = '${OF_THIS_TENANT}' and with_check is null)) is true)
  union all
  select t.name || ': ' || count(p.policyname) || ' policies for ' || r.role from ${TABLES}
    cross join (values ('bitvault_app'), ('bitvault_system')) r(role)
    left join pg_policies p on p.schemaname = 'public' and p.tablename = t.name and p.roles = array[r.role::name]
  group by t.name, t.of_tenant, r.role
  having count(p.policyname) <> 1 and (r.role = 'bitvault_system' or t.of_tenant)`

const ROLE_FLAGS = `
  select r.name || ' is not as it must be' from
    (values ('bitvault_app', true), ('bitvault_system', true), ('bitvault_owner', false)) r(name, login)
    left join pg_roles p on p.rolname = r.name
  where (p.rolcanlogin = r.login and not (p.rolsuper or p.rolbypassrls or p.rolcreaterole or p.rolcreatedb or p.rolreplication)
    and (not r.login or not p.rolinherit)) is not true`

const OWNS_NOTHING = `
  select r.rolname || ' owns ' || pg_describe_object(d.classid, d.objid, d.objsubid)
  from pg_shdepend d join pg_roles r on d.refclassid = 'pg_authid'::regclass and r.oid = d.refobjid
  where d.deptype = 'o' and r.rolname in ${LOGINS}
    and d.dbid in (0, (select oid from pg_database where datname = current_database()))`

const MEMBER_OF_NOTHING = `
  select m.rolname || ' is a member of ' || g.rolname from pg_auth_members a
  join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
  where m.rolname in ${LOGINS} or m.rolname = 'bitvault_owner'`

const TABLE_RIGHTS = `
  with held as (
    select c.relname::text as name, coalesce(r.rolname, 'public') as grantee, a.privilege_type as what, a.is_grantable
    from pg_class c
      cross join aclexplode(coalesce(c.relacl, acldefault((case c.relkind when 'S' then 's' else 'r' end)::"char", c.relowner))) a
      left join pg_roles r on r.oid = a.grantee
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and a.grantee <> c.relowner),
  due as (
    select tablename::text as name, 'bitvault_app' as grantee, unnest(case cmd when 'ALL' then ${ALL_RIGHTS} else array[cmd] end) as what
    from pg_policies where schemaname = 'public' and roles = '{bitvault_app}'
    union select name, 'bitvault_system', unnest(${ALL_RIGHTS}) from ${TABLES})
  select name || ': ' || grantee || ' may ' || what from held
    where is_grantable or not exists (select from due where (due.name, due.grantee, due.what) = (held.name, held.grantee, held.what))
  union all
  select name || ': ' || grantee || ' may not ' || what from due
    where not exists (select from held where (due.name, due.grantee, due.what) = (held.name, held.grantee, held.what))
  union all
  select attrelid::regclass || '.' || attname || ' has rights of its own' from pg_attribute
    join pg_class c on c.oid = attrelid where c.relnamespace in ${OWN_SCHEMAS} and attacl is not null
  union all
  select 'rights by default for what ' || defaclrole::regrole || ' makes' from pg_default_acl where defaclnamespace = 0
    or defaclnamespace in ${OWN_SCHEMAS}`

const SCHEMA_RIGHTS = `
  select r.rolname || ' may ' || p.what || ' in schema ' || n.nspname
  from pg_namespace n cross join pg_roles r cross join (values ('USAGE'), ('CREATE')) p(what)
  where n.oid in ${OWN_SCHEMAS} and r.rolname in ${LOGINS} and has_schema_privilege(r.oid, n.oid, p.what)
    and not (n.nspname = 'public' and p.what = 'USAGE')
  union all
  select r.rolname || ' may ' || p.what || ' in the database' from pg_roles r cross join (values ('CREATE'), ('TEMPORARY')) p(what)
  where r.rolname in ${LOGINS} and has_database_privilege(r.oid, current_database(), p.what)`

const RELATIONS = `
  select c.relname || ': a ' || case c.relkind when 'v' then 'view without security_invoker' when 'm' then 'materialized view' else 'foreign table' end
  from pg_class c where c.relnamespace in ${OWN_SCHEMAS} and (c.relkind in ('m', 'f') or (c.relkind = 'v'
    and not exists (select from unnest(c.reloptions) o where o in ('security_invoker=true', 'security_invoker=on'))))
  union all
  select c.relname || ': a rewrite rule, ' || r.rulename from pg_rewrite r join pg_class c on c.oid = r.ev_class
  where c.relnamespace in ${OWN_SCHEMAS} and r.rulename <> '_RETURN'`

const FUNCTIONS = `
  select p.proname || ': ' || f.fault from pg_proc p cross join lateral (values
    ('security definer', p.prosecdef),
    ('called leakproof', p.proleakproof),
    ('without a search_path of its own', not exists (select from unnest(p.proconfig) o where o like 'search_path=%')),
    ('open to everybody', p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))) f(fault, present)
  where p.pronamespace in ${OWN_SCHEMAS} and f.present`

const TENANT_KEYS = `
  select t.name || '.tenant_id may be null' from ${TABLES} join pg_attribute a on a.attrelid = t.oid and a.attname = 'tenant_id'
    where not (a.attnotnull and a.atttypid = 'uuid'::regtype)
  union all
  select i.indexrelid::regclass::text || ' is unique across tenants' from pg_index i join ${TABLES} on t.oid = i.indrelid
    where t.of_tenant and (i.indisunique or i.indisexclusion) and not exists (select from pg_attribute a where a.attrelid = t.oid
      and a.attname = 'tenant_id' and a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1]))
  union all
  select k.conname || ' refers across tenants' from pg_constraint k join ${TABLES} on t.oid = k.conrelid
    where k.contype = 'f' and (t.of_tenant or exists (select from pg_attribute where attrelid = k.confrelid and attname = 'tenant_id'))
      and not exists (select from unnest(k.conkey, k.confkey) c(ours, theirs)
        join pg_attribute o on o.attrelid = k.conrelid and o.attnum = c.ours and o.attname = 'tenant_id'
        join pg_attribute f on f.attrelid = k.confrelid and f.attnum = c.theirs
          and (f.attname = 'tenant_id' or (k.confrelid = 'tenants'::regclass and f.attname = 'id')))`

const SETTINGS = `
  select coalesce(nullif(setrole, 0)::regrole::text, 'everybody') || ' starts with ' || o from pg_db_role_setting, unnest(setconfig) o
    where setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and o ~ '^(app\\.|row_security=|role=|search_path=|session_replication_role=|session_authorization=)'
  union all
  select 'somebody may set ' || parname from pg_parameter_acl`

export const CATALOGUE: readonly (readonly [rule: string, says: string, offenders: string])[] = [
  ['RS-1', 'row security is on and forced on every table', ROW_SECURITY_FORCED],
  ['RS-2', 'every table has exactly the policies that we write', POLICIES],
  ['RS-3', 'no role of ours can bypass, and the owner cannot log in', ROLE_FLAGS],
  ['RS-4', 'the login roles own nothing', OWNS_NOTHING],
  ['RS-5', 'no role of ours is a member of another', MEMBER_OF_NOTHING],
  ['RS-6', 'the login roles have the rights that their policies open, and no others', TABLE_RIGHTS],
  ['RS-7', 'the login roles can make nothing, temporary tables neither', SCHEMA_RIGHTS],
  ['RS-8', 'no view, rule or copy shows rows by the rights of its owner', RELATIONS],
  ['RS-9', 'no function runs by the rights of its owner', FUNCTIONS],
  ['RS-10', 'keys and references stay within a tenant', TENANT_KEYS],
  ['RS-11', 'no login starts with a tenant or without row security', SETTINGS],
]

/** What breaks a rule and may, with the reason. */
export const ALLOWED: Readonly<Record<string, string>> = {
  'api_tokens: 0 policies for bitvault_app': 'the hashes of secrets; the app asks for the session behind the token',
  'device_codes: 0 policies for bitvault_app': 'the hashes of secrets, and of no tenant at first',
  'outbox_pkey is unique across tenants': 'random ids that Postgres makes; a pump of all tenants deletes by them',
  'dead_letters_pkey is unique across tenants': 'the id of the outbox message',
  'sessions_pkey is unique across tenants': 'random; the app only reads; found before its tenant is known',
  'api_tokens_pkey is unique across tenants': 'random; not reached by the app',
  'api_tokens_hash_key is unique across tenants': 'a token is found before its tenant is known; not reached by the app',
  'device_codes_pkey is unique across tenants': 'a code is found before its tenant is known; not reached by the app',
  'device_codes_user_code_hash_key is unique across tenants': 'as above',
  'device_codes.tenant_id may be null': 'a code belongs to no tenant until a member approves it',
  'memberships_user_id_users_id_fkey refers across tenants': 'a user stands above tenants',
  'device_codes_user_id_users_id_fkey refers across tenants': 'a user stands above tenants',
  'browser_cookies_session_id_sessions_id_fkey refers across tenants':
    'the cookie names the session, and with it the tenant',
  'refresh_tokens_session_id_sessions_id_fkey refers across tenants':
    'the token names the session, and with it the tenant',
  'api_tokens_session_id_sessions_id_fkey refers across tenants': 'a token and its session are written together',
}

export type Offender = { rule: string; text: string }

/** What breaks a rule, allowed or not. */
export async function catalogueOffenders(sql: Sql | TransactionSql, rules = CATALOGUE): Promise<Offender[]> {
  const found = await Promise.all(
    rules.map(async ([rule, , offenders]) => {
      const rows = await sql.unsafe<{ text: string }[]>(`select text from (${offenders}) o(text) order by 1`)
      return rows.map(({ text }) => ({ rule, text }))
    }),
  )
  return found.flat()
}

/** What breaks a rule and may not. @param rule only this one */
export async function catalogueFaults(sql: Sql | TransactionSql, rule?: string): Promise<Offender[]> {
  const rules = CATALOGUE.filter(([name]) => rule === undefined || name === rule)
  return (await catalogueOffenders(sql, rules)).filter(({ text }) => !(text in ALLOWED))
}
