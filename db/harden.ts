import type { Sql } from 'postgres'

/**
 * What a migration tool does not write: forced row security, the grants of the two login roles, and the functions
 * that fence the journal. Idempotent; run after the migrations, each time, on their one connection and as
 * `bitvault_owner`. Leaves that role: the database and its schema belong to the login.
 */
export async function harden(sql: Sql): Promise<void> {
  await sql.unsafe(FORCE_ROW_SECURITY)
  await sql.unsafe(GRANTS)
  await sql.unsafe(FENCES)
  await sql.unsafe(`reset role; ${PLACES}`)
}

/** Without FORCE the owner of a table is not held by its policies (T8). */
const FORCE_ROW_SECURITY = `
do $$ declare t record; begin
  for t in select c.oid::regclass as name from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') loop
    execute format('alter table %s enable row level security', t.name);
    execute format('alter table %s force row level security', t.name);
  end loop;
end $$`

/** TRUNCATE and REFERENCES are not held back by row security, so nobody gets them. */
const GRANTS = `
revoke all on all tables in schema public from bitvault_app, bitvault_system;
grant select, insert, update, delete on all tables in schema public to bitvault_system;
do $$ declare p record; begin
  for p in
    select distinct format('%I.%I', schemaname, tablename) as name, cmd from pg_policies
    where schemaname = 'public' and 'bitvault_app' = any(roles)
  loop
    execute format('grant %s on %s to bitvault_app', case when p.cmd = 'ALL' then 'select, insert, update, delete' else p.cmd end, p.name);
  end loop;
end $$`

/**
 * BV001: the lease or the head moved, so another owner writes this journal. BV002: an upload was closed, or a chunk began to be
 * deleted, between the facts and the write. Both end the transaction; the shell gathers anew.
 */
const FENCES = `
create or replace function journal_advance(tenant uuid, held_lease bigint, old_seq bigint, new_seq bigint) returns void
language plpgsql set search_path = public as $$ begin
  update tenant_head set seq = new_seq where tenant_id = tenant and lease = held_lease and seq = old_seq;
  if not found then raise exception 'the journal has another owner' using errcode = 'BV001'; end if;
end $$;
create or replace function require_count(actual bigint, expected bigint) returns void
language plpgsql set search_path = public as $$ begin
  if actual <> expected then raise exception 'the facts changed before the write' using errcode = 'BV002'; end if;
end $$;
revoke all on function journal_advance(uuid, bigint, bigint, bigint), require_count(bigint, bigint) from public;
grant execute on function journal_advance(uuid, bigint, bigint, bigint), require_count(bigint, bigint) to bitvault_app, bitvault_system`

/**
 * Only who gave a right can take it back: as `bitvault_owner` these would do nothing, with a mere notice. A temporary table
 * would outlive its transaction on a pooled connection, without row security, and hide the table whose name it has (T9).
 */
const PLACES = `
revoke all on schema public from public;
grant usage on schema public to bitvault_app, bitvault_system;
do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$`
