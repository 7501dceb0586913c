import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import { type Account, firstAccount, inlineFile } from '../support/account.ts'
import { testStack } from '../support/stack.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'
import { nodeIdOf, planMixedUpload, stage, upload } from './mixed-upload.ts'

/** Messages that come twice, thrice, late, early and in another order, to two pumps at once. */
let stack: Stack
let urls: string[]
let inspector: Inspector
let owner: Account

beforeAll(async () => {
  stack = await testStack({ env: NO_GRACE })
  urls = [stack.url, (await stack.addWorker()).url]
  inspector = inspect(stack)
  owner = await firstAccount(stack)
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
})

const sql = (text: string) => inspector.owner.unsafe(text)
const pokeAll = () => Promise.all(urls.map((url) => fetch(`${url}/healthz`)))

/** Every new message is due in an hour only: nobody sees it until `deliver` says so. */
const holdMessagesBack = () =>
  sql(`create function hold_back() returns trigger language plpgsql as
      $$ begin new.available_at := new.available_at + interval '1 hour'; return new; end $$;
    create trigger hold_back before insert on outbox for each row execute function hold_back()`)

/** Twice more under other ids, and all of them due in a shuffled order. */
const multiplyAndRelease = () =>
  sql(`drop trigger hold_back on outbox;
    create table seen as select * from outbox;
    insert into outbox (tenant_id, kind, payload) select tenant_id, kind, payload from seen, generate_series(1, 2);
    select setseed(0.16);
    update outbox set available_at = now() - random() * interval '1 minute'`)

/** All again, under their old ids, the last first; and a look for orphans of every upload, asked for or not. */
const repeatBackwards = () =>
  sql(`insert into outbox (id, tenant_id, kind, payload, available_at)
      select id, tenant_id, kind, payload, now() - row_number() over (order by created_at) * interval '1 s' from seen;
    insert into outbox (tenant_id, kind, payload)
      select tenant_id, 'chunks.orphaned', jsonb_build_object('uploadId', id) from uploads, generate_series(1, 2)`)

/** All that consumers make. */
async function endState() {
  const [usage] = await sql(`select through_seq, written_bytes, files_created, versions_written from usage`)
  const chunks = await sql(
    `select sha256, object_key, state, verified, orphaned_at is null as used from chunks order by 1, 2`,
  )
  const uploads = await sql(`select id, state, swept_at is not null as swept from uploads order by 1`)
  const { objects } = await inspector.store.list('t/')
  return { usage: { ...usage }, chunks: [...chunks], uploads: [...uploads], objects: objects.map(({ key }) => key) }
}

const UPLOADS = 4

test('FT-16 doubled, late and shuffled messages end in the same state as single ones in order', async () => {
  const { rootId } = owner.home
  await holdMessagesBack()
  const nodes: string[] = []
  let bytes = 0
  for (let i = 0; i < UPLOADS; i++) {
    const plan = planMixedUpload(rootId, `upload ${i}`)
    const { results } = await upload(owner.call, plan)
    for (const content of plan.files.values()) bytes += content.length
    nodes.push(nodeIdOf([...results.values()][1]))
  }
  const abandoned = await stage(owner.call, planMixedUpload(rootId, 'abandoned')) // its inline file is there at once
  bytes += Buffer.byteLength('abandoned inline')
  await inspector.endUploads()
  await multiplyAndRelease()
  await inspector.drained(pokeAll)

  const state = await endState()
  const files = String(4 * UPLOADS + 1)
  expect(state.usage).toEqual({
    through_seq: files,
    written_bytes: String(bytes),
    files_created: files,
    versions_written: files,
  })
  expect(state.chunks.length).toBe(3 * UPLOADS)
  for (const chunk of state.chunks) expect(chunk).toMatchObject({ state: 'live', verified: true, used: true })
  for (const each of state.uploads) expect(each).toMatchObject({ state: 'expired', swept: true })
  expect(state.objects).toEqual([...new Set(state.chunks.map((chunk) => chunk['object_key']))].toSorted())
  expect(await inspector.objectsOf(owner.tenantId, abandoned.uploadId!)).toEqual([])

  await repeatBackwards()
  await inspector.drained(pokeAll)
  expect(await endState()).toEqual(state)

  // Something to collect, and everything once more.
  for (const node of nodes) {
    const next = inlineFile(rootId, '', 'next', { target: { node }, base: 1 })
    expect((await owner.call('POST', '/v1/files', next)).status).toBe(201)
  }
  await inspector.drained(pokeAll)
  for (const node of nodes) await inspector.purge(node, 1)
  await sql(`update uploads set swept_at = null`)
  await repeatBackwards()
  await inspector.drained(pokeAll)
  const after = await endState()
  expect(after.chunks.length).toBe(2 * UPLOADS)
  expect(after.objects.length).toBe(UPLOADS)
  expect(await inspector.audit()).toMatchObject({ clean: true, deadLetters: 0 })
})
