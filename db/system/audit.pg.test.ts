import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  asyncWorld,
  type AsyncWorld,
  commitFile,
  drainForever,
  freshId,
  GRACE_MS,
  openUpload,
  put,
  TTL_MS,
} from '../../test/support/async-world.ts'
import { connect, type Tx } from '../connect.ts'
import type { AuditCheck } from './audit-finding.ts'
import { audit } from './audit.ts'

let world: AsyncWorld
let key = ''
beforeAll(async () => {
  world = await asyncWorld()
})
afterAll(() => world?.drop())

const report = () => audit({ db: world.system, store: world.store, now: world.clock.now, graceMs: GRACE_MS })
const found = async () =>
  Object.entries((await report()).findings).flatMap(([check, { count }]) => (count > 0 ? [`${check} ${count}`] : []))

/** What no role and no foreign key would allow, undone afterwards. */
async function whenDamaged(damage: (tx: Tx) => Promise<unknown>, look: () => Promise<void>): Promise<void> {
  const tables = [
    'contents',
    'content_chunks',
    'versions',
    'nodes',
    'journal',
    'chunks',
    'uploads',
    'tenant_head',
    'conflicts',
  ]
  await world.owner.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    for (const table of tables) await tx`create table ${tx(`kept_${table}`)} as table ${tx(table)}`
    await damage(tx)
  })
  try {
    await look()
  } finally {
    await world.owner.begin(async (tx) => {
      await tx`set local session_replication_role = replica`
      for (const table of tables) {
        await tx`delete from ${tx(table)}`
        await tx`insert into ${tx(table)} select * from ${tx(`kept_${table}`)}`
        await tx`drop table ${tx(`kept_${table}`)}`
      }
    })
  }
}

beforeEach(async () => {
  if (key !== '') return
  const uploadId = await openUpload(world, 3)
  for (let i = 0; i < 3; i++) {
    const chunk = put(world, uploadId, Buffer.from(`audited ${i}`.padEnd(5_000)))
    key = chunk.objectKey
    await commitFile(world, { name: `audited-${i}`, uploadId, chunks: [chunk] })
  }
  await drainForever(world)
})

test('issue 2, item 10: a sound tenant is clean, and what is counted is what is there', async () => {
  expect(await report()).toMatchObject({ clean: true, objects: 3, namedObjects: 3, deadLetters: 0 })
})

describe('the bucket against Postgres', () => {
  test('an object that no chunk names is an orphan once its upload is long over', async () => {
    const uploadId = await openUpload(world)
    const { objectKey } = put(world, uploadId, Buffer.from('nobody named me'))
    world.clock.advance(TTL_MS + 2 * GRACE_MS)
    expect(await found()).toEqual([])
    world.clock.advance(1)
    expect((await report()).findings['orphan-objects']).toEqual({ count: 1, first: [objectKey] })
    await drainForever(world)
    expect(await found()).toEqual([])
  })

  test('an object of an unknown upload, or under no name of ours, is an orphan at once', async () => {
    const keys = [`t/${world.tenantId}/u/${freshId()}/abc`, 't/unknown']
    for (const strange of keys) world.store.place(strange, Buffer.from('?'))
    expect((await report()).findings['orphan-objects'].count).toBe(2)
    await world.store.deleteMany(keys)
  })

  test('a served chunk without its object, or with a longer or shorter one, is a dangling reference', async () => {
    const bytes = Buffer.from('audited 2'.padEnd(5_000))
    for (const other of [null, bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
      await world.store.deleteMany([key])
      if (other) world.store.place(key, other)
      expect((await report()).findings['dangling-references']).toEqual({ count: 1, first: [key] })
    }
    world.store.place(key, bytes)
    expect(await found()).toEqual([])
  })

  test('more than a page of each: every one is found, 20 are named', async () => {
    const strange = Array.from({ length: 2_300 }, (_, i) => `t/${world.tenantId}/u/${freshId()}/${i}`)
    for (const name of strange) world.store.place(name, Buffer.from('?'))
    const { findings, objects } = await report()
    expect(objects).toBe(2_303)
    expect(findings['orphan-objects'].count).toBe(2_300)
    expect(findings['orphan-objects'].first).toHaveLength(20)
    for (let at = 0; at < strange.length; at += 1_000) await world.store.deleteMany(strange.slice(at, at + 1_000))
  })
})

describe('Postgres against itself', () => {
  const DAMAGES: [AuditCheck, string][] = [
    [
      'references-to-deleted',
      `update chunks set state = 'deleting' where object_key = (select max(object_key) from chunks)`,
    ],
    [
      'incomplete-contents',
      `update contents set size = size + 1 where id = (select max(id::text)::uuid from contents)`,
    ],
    [
      'versions-without-content',
      `update versions set content_ref = gen_random_uuid() where node_id = (select max(node_id::text)::uuid from versions)`,
    ],
    [
      'unreferenced-contents',
      `insert into contents (tenant_id, id, content_id, codec, size, sha256, inline, chunk_count)
       select tenant_id, gen_random_uuid(), content_id, 'raw', 0, sha256, '', 0 from contents limit 1`,
    ],
    [
      'conflicts-without-original',
      `insert into conflicts (tenant_id, id, space_id, original, base_revision, their_revision, content_ref, node_kind, executable,
         user_id, device, at, seq)
       select tenant_id, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 2, content_ref, 'file', false, created_by, 'd', now(), 1
       from versions limit 1`,
    ],
    [
      'unfinished-purges',
      `update nodes set trashed_at = '2020-01-01', purged_at = '2020-01-01' where id = (select max(id::text)::uuid from nodes where kind = 'file')`,
    ],
    ['journal-gaps', `update tenant_head set horizon = 1`],
    ['journal-gaps', `update tenant_head set horizon = seq + 1`],
    ['journal-gaps', `delete from journal where seq = 2`],
    ['journal-gaps', `update tenant_head set seq = seq + 1`],
    ['files-without-version', `delete from versions where node_id = (select max(node_id::text)::uuid from versions)`],
    [
      'nodes-without-parent',
      `update nodes set parent_id = gen_random_uuid() where id = (select max(id::text)::uuid from nodes where kind = 'file')`,
    ],
    [
      'nodes-without-parent',
      `update nodes set parent_id = null where id = (select max(id::text)::uuid from nodes where kind = 'file')`,
    ],
    [
      'nodes-without-parent',
      `update nodes set space_id = gen_random_uuid() where kind = 'file' and name = 'audited-1'`,
    ],
    [
      'folders-without-root',
      `insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable,
         created_at, changed_at, changed_seq)
       select tenant_id, '00000000-0000-4000-8000-000000000001', space_id, '00000000-0000-4000-8000-000000000001', 'folder', 'o', 'o',
         0, 1, false, now(), now(), 0 from nodes where parent_id is null`,
    ],
    ['names-taken-twice', `update nodes set name = 'audited-1' where name = 'audited-2'`],
    ['names-taken-twice', `update nodes set name_key = '/' || id where name = 'audited-2'`],
    [
      'changed-below-purged',
      `update nodes set changed_at = changed_at - interval '1 d' where name <> 'audited-1';
       update nodes set purged_at = changed_at + interval '1 s' where parent_id is null`,
    ],
    ['nodes-unlike-journal', `update nodes set name = 'another', name_key = 'another' where name = 'audited-1'`],
    ['nodes-unlike-journal', `update nodes set changed_seq = 1 where name = 'audited-1'`],
    ['unswept-uploads', `update uploads set swept_at = null where swept_at = (select max(swept_at) from uploads)`],
  ]

  test.each(DAMAGES)('%s: %s', async (check, statement) => {
    world.clock.advance(TTL_MS + 3 * GRACE_MS)
    await drainForever(world)
    await whenDamaged(
      (tx) => tx.unsafe(statement),
      async () => {
        expect(await found()).toContain(`${check} 1`)
        expect((await report()).clean).toBe(false)
      },
    )
    expect(await found()).toEqual([])
  })

  test('names-taken-twice: the index that forbids it is lost', async () => {
    await world.owner`drop index nodes_child`
    await whenDamaged(
      (tx) => tx`update nodes set name = 'audited-1', name_key = 'audited-1' where name = 'audited-2'`,
      async () => expect(await found()).toContain('names-taken-twice 1'),
    )
    await world.owner`create unique index nodes_child on nodes (tenant_id, parent_id, name_key) where trashed_at is null`
  })

  test('a content that lacks its last chunk is incomplete', async () => {
    await whenDamaged(
      (tx) => tx`delete from content_chunks where object_key = ${key}`,
      async () => {
        expect(await found()).toEqual(['incomplete-contents 1'])
      },
    )
  })
})

test('it asks for the two connections that it needs instead of waiting for ever', async () => {
  const db = connect(world.systemUrl, { max: 1 })
  await expect(audit({ db, store: world.store, now: 0, graceMs: 0 })).rejects.toMatchObject({ code: 'internal' })
  await db.end()
})
