import { randomBytes } from 'node:crypto'
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'
import { expect, inject, test } from 'vitest'
import { dropDatabase, ensureDatabase } from '../embedded/database.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { migrate } from './migrate.ts'

const MIGRATIONS = new URL('./migrations/', import.meta.url).pathname
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const [TENANT, SPACE, ROOT, FILE, WRITTEN, REWRITTEN] = [1, 2, 3, 4, 5, 6].map(id) as [
  string,
  string,
  string,
  string,
  string,
  string,
]

/** A tenant as the first migration knew it: a file that was written, got another time stamp, and was written again. */
const FIRST_ROWS = `
insert into tenants (id, name, created_at) values ('${TENANT}', 'T', now());
insert into tenant_head (tenant_id, epoch, seq) values ('${TENANT}', '${id(9)}', 3);
insert into spaces (tenant_id, id, kind, name, root_id) values ('${TENANT}', '${SPACE}', 'team', 'S', '${ROOT}');
insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable, created_at, changed_at, changed_seq)
values ('${TENANT}', '${ROOT}', '${SPACE}', null, 'folder', 'S', 'S', 0, 1, false, now(), now(), 0),
  ('${TENANT}', '${FILE}', '${SPACE}', '${ROOT}', 'file', 'f', 'f', 2, 1, false, now(), now(), 3);
insert into contents (tenant_id, id, content_id, codec, size, sha256, chunk_count)
values ('${TENANT}', '${WRITTEN}', 'a', 'raw', 10, 'a', 0), ('${TENANT}', '${REWRITTEN}', 'b', 'raw', 20, 'b', 0);
insert into versions (tenant_id, node_id, revision, content_ref, executable, created_by, device, created_at, seq, base_revision)
values ('${TENANT}', '${FILE}', 1, '${WRITTEN}', false, '${id(7)}', 'd', now(), 1, 0),
  ('${TENANT}', '${FILE}', 2, '${REWRITTEN}', false, '${id(7)}', 'd', now(), 3, 1);
insert into journal (tenant_id, seq, kind, node_id, space_id, mutation_id, user_id, session_id, at, node)
select '${TENANT}', seq, 'updated', '${FILE}', '${SPACE}', '${id(8)}', '${id(7)}', '${id(7)}', now(),
  jsonb_build_object('id', '${FILE}', 'contentRevision', revision) from (values (1, 1), (2, 1), (3, 2)) r(seq, revision);
insert into mutations (tenant_id, id, fingerprint, seq, outcome, at)
values ('${TENANT}', '${id(8)}', 'a', 3, 'applied', now()), ('${TENANT}', '${id(10)}', 'b', 2, 'applied', now())`

async function applyFirst(url: string): Promise<void> {
  const folder = await temporaryFolder()
  const [first] = (await readdir(MIGRATIONS)).toSorted()
  await cp(join(MIGRATIONS, first!), join(folder, first!), { recursive: true })
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql`grant all on schema public to bitvault_owner`
    await sql`set role bitvault_owner`
    await applyMigrations(drizzle({ client: sql }), { migrationsFolder: folder })
    await sql`reset role`
    await sql.unsafe(FIRST_ROWS)
    // As every start leaves it: the owner itself sees nothing.
    for (const table of ['nodes', 'journal', 'versions', 'contents', 'mutations'])
      await sql.unsafe(`alter table ${table} force row level security`)
  } finally {
    await sql.end({ timeout: 5 })
    await rm(folder, { recursive: true, force: true })
  }
}

test('I2: a database of the first version keeps its rows, and they get what is new', async () => {
  const { ownerUrl, template } = inject('postgres')
  const name = `migrate_${randomBytes(6).toString('hex')}`
  const url = await ensureDatabase(ownerUrl, name)
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await sql`select format('grant all on database %I to bitvault_owner', current_database()) as grant`.then(([row]) =>
      sql.unsafe(row!['grant'] as string),
    )
    await applyFirst(url)
    await migrate({ ownerUrl: url, ...template })
    expect(await sql`select content_seq::int as content, placed_seq::int as placed from nodes order by id`).toEqual([
      { content: 0, placed: 0 },
      { content: 3, placed: 1 },
    ])
    expect(
      await sql`select written_bytes::int as bytes, node->'contentSeq' as content, node->'placedSeq' as placed,
        node->'trashedAt' as trashed from journal order by seq`,
    ).toEqual([
      { bytes: 10, content: 1, placed: 1, trashed: null },
      { bytes: null, content: 1, placed: 1, trashed: null },
      { bytes: 20, content: 3, placed: 1, trashed: null },
    ])
    // Its own entry holds the node of the one; the entry that the other refers to may be gone before it.
    expect(await sql`select node->'contentRevision' as revision from mutations order by seq desc`).toEqual([
      { revision: null },
      { revision: 1 },
    ])
  } finally {
    await sql.end({ timeout: 5 })
    await dropDatabase(ownerUrl, name)
  }
})
