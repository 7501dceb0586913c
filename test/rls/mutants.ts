import type { TransactionSql } from 'postgres'
import { idOf, tenantOf } from './rows.ts'

/**
 * Ways in which the wall could be broken: statements for a superuser, and the rule in whose name it must be seen.
 * `table: null` concerns no table in particular.
 */
export type Mutant = { name: string; rule: string; table: string | null; change: string }

type Policy = { table: string; policy: string; role: 'bitvault_app' | 'bitvault_system'; cmd: 'ALL' | 'SELECT' }

/** As they stand in the database, so that a new policy is broken too. */
export const policiesOf = (sql: TransactionSql): Promise<Policy[]> =>
  sql<Policy[]>`select tablename as table, policyname as policy, roles[1]::text as role, cmd from pg_policies
    where schemaname = 'public' order by 1, 2`

const THIS_TENANT = `tenant_id = (select current_setting('app.tenant_id')::uuid)`
/** Empty instead of an error. */
const LENIENT = `tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid)`
const KEPT_TENANT = `(${THIS_TENANT} or tenant_id = '${tenantOf('b')}')`

/** `rule`: what it breaks. */
type Break = {
  how: string
  rule: string | ((policy: Policy) => string)
  of: (policy: Policy) => boolean
  change: (policy: Policy) => string
}

const isOfApp = ({ role }: Policy): boolean => role === 'bitvault_app'
const isOfAppAll = ({ role, cmd }: Policy): boolean => role === 'bitvault_app' && cmd === 'ALL'
const alter = (to: string) => (p: Policy) => `alter policy ${p.policy} on ${p.table} ${to}`
const drop = (p: Policy): string => `drop policy ${p.policy} on ${p.table}`

/** Each must be seen by the matrix: by what the roles can do, not by how a policy is written. */
export const POLICY_BREAKS: readonly Break[] = [
  { how: 'dropped', rule: (p) => (isOfApp(p) ? 'RS-12' : 'RS-16'), of: () => true, change: drop },
  { how: 'open to every row', rule: 'RS-13', of: isOfApp, change: alter('using (true)') },
  { how: 'open to one more tenant', rule: 'RS-13', of: isOfApp, change: alter(`using (${KEPT_TENANT})`) },
  { how: 'lenient without a tenant', rule: 'RS-14', of: isOfApp, change: alter(`using (${LENIENT})`) },
  { how: 'without a check of what is written', rule: 'RS-13', of: isOfAppAll, change: alter('with check (true)') },
  { how: 'lenient in what is written', rule: 'RS-14', of: isOfAppAll, change: alter(`with check (${LENIENT})`) },
  {
    how: 'joined by an open one',
    rule: 'RS-13',
    of: isOfApp,
    change: (p) => `create policy extra on ${p.table} for select to bitvault_app using (true)`,
  },
  {
    how: 'a writing one where it only read',
    rule: 'RS-15',
    of: (p) => isOfApp(p) && p.cmd === 'SELECT',
    change: (p) =>
      `${drop(p)}; create policy ${p.policy} on ${p.table} to bitvault_app using (${THIS_TENANT});
       grant insert, update, delete on ${p.table} to bitvault_app`,
  },
  {
    how: 'for reading only where it wrote',
    rule: 'RS-12',
    of: isOfAppAll,
    change: (p) =>
      `${drop(p)}; create policy ${p.policy} on ${p.table} for select to bitvault_app using (${THIS_TENANT})`,
  },
  { how: 'shut', rule: 'RS-16', of: (p) => p.role === 'bitvault_system', change: alter('using (false)') },
]

/** The behaviour stays the same for now, so the catalogue must see it: RS-2. */
export const UNSEEN_POLICY_BREAKS: readonly Break[] = [
  {
    how: 'without WITH CHECK',
    rule: 'RS-2',
    of: isOfAppAll,
    change: (p) => `${drop(p)}; create policy ${p.policy} on ${p.table} to bitvault_app using (${THIS_TENANT})`,
  },
  { how: 'for both login roles', rule: 'RS-2', of: isOfApp, change: alter('to bitvault_app, bitvault_system') },
  { how: 'for everybody', rule: 'RS-2', of: () => true, change: alter('to public') },
  {
    how: 'met by a restrictive one',
    rule: 'RS-2',
    of: () => true,
    change: (p) => `create policy extra on ${p.table} as restrictive to ${p.role} using (true)`,
  },
]

export const breakPolicies = (policies: readonly Policy[], { of, rule, change }: Break): Mutant[] =>
  policies.filter(of).map((p) => ({
    name: p.policy,
    table: p.table,
    change: change(p),
    rule: typeof rule === 'string' ? rule : rule(p),
  }))

/** What is done to a table, and the rule of the catalogue that it breaks. */
export const TABLE_BREAKS: readonly (readonly [rule: string, how: string, change: (table: string) => string])[] = [
  ['RS-1', 'not forced', (t) => `alter table ${t} no force row level security`],
  ['RS-1', 'row security off', (t) => `alter table ${t} disable row level security`],
  ['RS-4', 'owned by the app', (t) => `alter table ${t} owner to bitvault_app`],
  ['RS-4', 'owned by the system role', (t) => `alter table ${t} owner to bitvault_system`],
  ['RS-6', 'the app may truncate', (t) => `grant truncate on ${t} to bitvault_app`],
  ['RS-6', 'the app may refer', (t) => `grant references on ${t} to bitvault_app`],
  ['RS-6', 'the app may hang triggers', (t) => `grant trigger on ${t} to bitvault_app`],
  ['RS-6', 'the system role may truncate', (t) => `grant truncate on ${t} to bitvault_system`],
  ['RS-6', 'everybody may read', (t) => `grant select on ${t} to public`],
  ['RS-6', 'the app may pass rights on', (t) => `grant select on ${t} to bitvault_app with grant option`],
]

/** Of these the matrix must see something too, by another rule: row security does not hold the owner, or anybody. */
export const SEEN_TABLE_BREAKS: Readonly<Record<string, string>> = {
  'not forced': 'RS-1',
  'row security off': 'RS-1',
  'the app may truncate': 'RS-6',
  'the system role may truncate': 'RS-6',
}

/** Whatever else opens a way round, by the rule of the catalogue. */
export const OTHER_BREAKS: readonly (readonly [rule: string, change: string])[] = [
  ['RS-1', 'create table extra (tenant_id uuid not null)'],
  ['RS-1', 'create table extra () inherits (nodes)'],
  ['RS-2', 'create table extra (id int)'],
  ['RS-3', 'alter role bitvault_app bypassrls'],
  ['RS-3', 'alter role bitvault_system bypassrls'],
  ['RS-3', 'alter role bitvault_owner bypassrls'],
  ['RS-3', 'alter role bitvault_app superuser'],
  ['RS-3', 'alter role bitvault_app createrole'],
  ['RS-3', 'alter role bitvault_app inherit'],
  ['RS-3', 'alter role bitvault_owner login'],
  ['RS-4', 'create schema extra authorization bitvault_app'],
  [
    'RS-4',
    `create function extra() returns int language sql return 1; alter function extra() owner to bitvault_system`,
  ],
  ['RS-5', 'grant bitvault_owner to bitvault_app'],
  ['RS-5', 'grant bitvault_owner to bitvault_app with inherit false, set true'],
  ['RS-5', 'grant bitvault_system to bitvault_app'],
  ['RS-5', 'grant pg_read_all_data to bitvault_app'],
  ['RS-5', 'grant bitvault_system to bitvault_owner'],
  ['RS-6', 'grant select (email) on users to bitvault_app'],
  ['RS-6', 'revoke delete on outbox from bitvault_app'],
  ['RS-6', 'alter default privileges in schema public grant select on tables to bitvault_app'],
  ['RS-7', 'grant create on schema public to public'],
  ['RS-7', 'grant usage on schema drizzle to bitvault_app'],
  ['RS-7', `do $$ begin execute format('grant temporary on database %I to bitvault_app', current_database()); end $$`],
  ['RS-8', 'create view extra as select * from nodes'],
  ['RS-8', 'create view extra with (security_invoker = false) as select * from nodes'],
  ['RS-8', 'create materialized view extra as select * from nodes'],
  ['RS-8', 'create rule extra as on insert to usage do also delete from outbox'],
  ['RS-9', 'alter function journal_advance security definer'],
  ['RS-9', 'alter function journal_advance leakproof'],
  ['RS-9', 'alter function journal_advance reset search_path'],
  ['RS-9', 'create function extra() returns int language sql set search_path = public return 1'],
  ['RS-10', 'alter table outbox alter tenant_id drop not null'],
  ['RS-10', 'create unique index on nodes (id)'],
  ['RS-10', 'create unique index on nodes (id) include (tenant_id)'],
  ['RS-10', 'create unique index on nodes ((tenant_id::text || id::text))'],
  ['RS-10', 'alter table spaces add unique (id); alter table nodes add foreign key (space_id) references spaces (id)'],
  ['RS-10', 'alter table uploads add foreign key (user_id) references users (id)'],
  ['RS-11', `alter role bitvault_app set app.tenant_id = '${idOf('a', 0)}'`],
  ['RS-11', 'alter role all set row_security = off'],
  ['RS-11', 'alter role bitvault_app set search_path = extra, public'],
  ['RS-11', `do $$ begin execute format('alter database %I set app.tenant_id = %L', current_database(), 'x'); end $$`],
  ['RS-11', 'grant set on parameter session_replication_role to bitvault_app'],
]

/** Of roles: the matrix must see what they let the app do. */
export const SEEN_BREAKS: readonly (readonly [rule: string, change: string])[] = [
  ['RS-13', 'alter role bitvault_app bypassrls'],
  ['RS-13', 'alter role bitvault_app superuser'],
  ['RS-1', 'alter role bitvault_owner bypassrls'],
  ['RS-13', 'alter table nodes owner to bitvault_app; alter table nodes no force row level security'],
  ['RS-13', 'grant bitvault_system to bitvault_app with inherit true'],
  ['RS-15', 'grant pg_read_all_data to bitvault_app with inherit true'],
]
