import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NODE_JSON } from '../../db/tenant/node-json.ts'
import type { Stack } from '../../embedded/stack.ts'
import { until } from '../faults/until.ts'
import { addAccount, firstAccount, inlineFile, signIn, type Account, type Answer } from '../support/account.ts'
import { FeedClient } from '../support/feed-client.ts'
import { otherTenant } from '../support/other-tenant.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'
import { storedTree } from '../support/stored-tree.ts'

let stack: Stack
let sql: Sql
let owner: Account
let other: Account
let stranger: Account
let device: string

beforeAll(async () => {
  stack = await testStack()
  sql = postgres(stack.ownerUrl, { max: 1, onnotice: () => {} })
  owner = await firstAccount(stack)
  other = await addAccount(stack, owner, 'other@example.com')
  stranger = await otherTenant(stack, 'stranger@example.com')
  const registered = await owner.call('POST', '/v1/devices', { name: 'a device', platform: 'linux' })
  expect(registered.status, JSON.stringify(registered.body)).toBe(201)
  device = registered.body.id
})
afterAll(async () => {
  await sql?.end({ timeout: 1 })
  await stack?.stop()
})

const changes = (who: Account, query: Record<string, string | number> = {}): Promise<Answer> =>
  who.call('GET', `/v1/sync/changes?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))}`)

async function folder(who: Account, name: string = randomUUID(), parent = who.home.rootId): Promise<string> {
  const made = await who.call('POST', '/v1/folders', { parent, name })
  expect(made, JSON.stringify(made.body)).toMatchObject({ status: 201 })
  return made.body.node.id
}
async function head(who: Account, query: Record<string, string> = {}): Promise<string> {
  const client = new FeedClient({ call: who.call, ...(query['device'] ? { device: query['device'] } : {}) })
  await client.pull()
  return client.cursor!
}

describe('FD-1 FD-2 cursors', () => {
  test('T11 a cursor of another user, device or tenant is refused, and so is a forged one', async () => {
    await folder(owner)
    const cursor = await head(owner)
    const ofDevice = await head(owner, { device })
    for (const [who, query] of [
      [other, { cursor }],
      [stranger, { cursor }],
      [owner, { cursor, device }],
      [owner, { cursor: ofDevice }],
      [owner, { cursor: ofDevice, device: randomUUID() }],
      [owner, { cursor: cursor.replace(/\.[^.]*\./, '.zz.') }],
      [owner, { cursor: `${randomUUID()}.0.000000000000` }],
      [owner, { cursor: 'x' }],
      [owner, { cursor: 'x'.repeat(5_000) }],
      [owner, { cursor: '' }],
    ] as const)
      expectProblem(await changes(who, query), 'cursor-invalid', 'cursor')
    expect(await changes(owner, { cursor })).toMatchObject({ status: 200, body: { changes: [], more: false, cursor } })
    expect(await changes(owner, { cursor: ofDevice, device })).toMatchObject({ status: 200 })
  })

  test('a cursor of another epoch, ahead of the journal or behind its horizon: a snapshot is the way on', async () => {
    const cursor = await head(stranger)
    await folder(stranger)
    const later = await head(stranger)
    // What is in memory is believed for a second; nothing but this test changes a head behind the journal's back.
    const resync = async (asked: string | undefined, reason: string) => {
      let answer: Answer | undefined
      await until(`the answer is ${reason}`, async () => {
        answer = await changes(stranger, asked === undefined ? {} : { cursor: asked })
        return answer.status !== 200
      })
      expect(answer!.body).toMatchObject({ code: 'resync-required', reason, snapshot: '/v1/sync/snapshot' })
      expect(answer!.status).toBe(410)
    }
    const { tenantId } = stranger
    await sql`update tenant_head set horizon = seq where tenant_id = ${tenantId}`
    await resync(cursor, 'horizon')
    await resync(undefined, 'horizon')
    expect(await changes(stranger, { cursor: later })).toMatchObject({ status: 200 })
    await sql`update tenant_head set horizon = 0, epoch = gen_random_uuid(), lease = lease + 1 where tenant_id = ${tenantId}`
    await resync(later, 'epoch')
    const client = new FeedClient({ call: stranger.call })
    client.cursor = later
    await client.pull()
    expect(client.resyncs).toEqual(['epoch'])
    expect(client.tree.sorted()).toEqual(await storedTree(sql, [stranger.home.id]))
  })

  test.each([{ limit: 0 }, { limit: 1_001 }, { limit: 'x' }, { wait: -1 }, { wait: 31 }, { device: 'x' }])(
    'a query out of its range, %j, is a problem that names the field',
    async (query) => {
      for (const path of ['changes', 'snapshot']) {
        const [field] = Object.keys(query)
        if (path === 'snapshot' && field === 'wait') continue
        const search = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))
        const answer = await owner.call('GET', `/v1/sync/${path}?${search}`)
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request', field } })
      }
    },
  )
})

describe('FD-6 FD-7 FD-8 snapshots', () => {
  test('I10 snapshot and tail are the full fold and the stored state, with a writer at work between any two pages', async () => {
    const parent = await folder(owner)
    const kept: string[] = []
    let i = 0
    const write = async (): Promise<void> => {
      const made = await folder(owner, `w ${i++}`, kept[i % Math.max(1, kept.length)] ?? parent)
      kept.push(made)
      const answer = await owner.call('POST', '/v1/files', inlineFile(made, 'f.txt', randomUUID()))
      const file = answer.body.files[0].result.node.id
      if (i % 3 === 0) await owner.call('POST', `/v1/nodes/${made}/move`, { parent: owner.home.rootId, name: `m ${i}` })
      if (i % 4 === 0) await owner.call('DELETE', `/v1/nodes/${file}`)
      if (i % 5 === 0) {
        const gone = kept.splice(Math.floor(kept.length / 2), 1)[0]!
        await owner.call('DELETE', `/v1/nodes/${gone}`)
        await owner.call('POST', `/v1/nodes/${gone}/purge`, {})
      }
    }
    for (let n = 0; n < 40; n++) await write()
    const client = new FeedClient({ call: owner.call, limit: () => 5 + (i % 7) })
    await client.begin(async () => {
      for (let n = 0; n < 2; n++) await write()
    })
    await client.pull()
    const stored = await storedTree(sql, [owner.home.id])
    expect(client.tree.sorted()).toEqual(stored)
    const full = new FeedClient({ call: owner.call })
    await full.pull()
    expect(full.tree.sorted()).toEqual(stored.filter(({ parentId }) => parentId !== null))
    expect(i).toBeGreaterThan(60)
  })

  test('one holds what the caller may read, or of that one space; the pages of one stay of one', async () => {
    const { body } = await other.call('GET', '/v1/sync/snapshot?limit=1')
    expect(body.spaces).toEqual([other.home.id])
    expect(body.nodes.every(({ spaceId }: { spaceId: string }) => spaceId === other.home.id)).toBe(true)
    const next = encodeURIComponent(body.next)
    expect((await other.call('GET', `/v1/sync/snapshot?after=${next}`)).status).toBe(200)
    for (const [who, query] of [
      [owner, `after=${next}`],
      [stranger, `after=${next}`],
      [other, `after=${next}&device=${device}`],
      [other, `after=${next}&space=${other.home.id}`],
      [other, `after=${next}x`],
      [other, `after=x`],
    ] as const)
      expectProblem(await who.call('GET', `/v1/sync/snapshot?${query}`), 'cursor-invalid', 'after')
    const notMine = await other.call('GET', `/v1/sync/snapshot?space=${owner.home.id}`)
    expectProblem(notMine, 'not-found', 'space')
  })

  test('one whose beginning fell out of the journal, or whose epoch ended, must begin anew', async () => {
    await folder(stranger)
    const { body } = await stranger.call('GET', '/v1/sync/snapshot?limit=1')
    const next = `/v1/sync/snapshot?after=${encodeURIComponent(body.next)}`
    await folder(stranger)
    const { tenantId } = stranger
    await sql`update tenant_head set horizon = seq where tenant_id = ${tenantId}`
    expect((await stranger.call('GET', next)).body).toMatchObject({ code: 'resync-required', reason: 'horizon' })
    await sql`update tenant_head set horizon = 0 where tenant_id = ${tenantId}`
    expect((await stranger.call('GET', next)).status).toBe(200)
    await sql`update tenant_head set epoch = gen_random_uuid(), lease = lease + 1 where tenant_id = ${tenantId}`
    expect((await stranger.call('GET', next)).body).toMatchObject({ code: 'resync-required', reason: 'epoch' })
  })

  test('a session that ended gets neither changes nor snapshots', async () => {
    const gone = await signIn(stack.url, other.email, other.password)
    const { sid } = JSON.parse(Buffer.from(gone.token.split('.')[1]!, 'base64url').toString())
    await sql`update sessions set revoked_at = now() where id = ${sid}`
    for (const path of ['changes', 'snapshot'])
      await until(`${path} says that the session ended`, async () => {
        const { body } = await gone.call('GET', `/v1/sync/${path}`)
        return body.code === 'session-revoked'
      })
  })
})

describe('FD-3 pages', () => {
  test('I10 pages cut anywhere, while somebody writes, give the same as one page', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }), async (limits) => {
        const parent = await folder(owner)
        const writing = Promise.all(
          Array.from({ length: 30 }, (_, i) =>
            owner.call('POST', '/v1/files', inlineFile(parent, `${i % 20}.txt`, `${i} ${randomUUID()}`)),
          ),
        )
        let asked = 0
        const cut = new FeedClient({ call: owner.call, limit: () => limits[asked++ % limits.length]! })
        await cut.pull()
        await writing
        await cut.pull()
        const whole = new FeedClient({ call: owner.call })
        await whole.pull()
        expect(cut.cursor).toBe(whole.cursor)
        expect([...cut.told]).toEqual([...whole.told])
        expect(cut.tree.sorted()).toEqual(whole.tree.sorted())
      }),
      { seed: 3, numRuns: 6 },
    )
  })

  test('I10 FD-10 FD-12 the fold of the feed is the stored state, the roots aside', async () => {
    const client = new FeedClient({ call: owner.call })
    await client.pull()
    const stored = await storedTree(sql, [owner.home.id])
    expect(client.tree.sorted()).toEqual(stored.filter(({ parentId }) => parentId !== null))
  })

  test('I15 entries of spaces that one may not read are passed over: in bounded steps, with a cursor that moves', async () => {
    const parent = await folder(owner)
    await fillJournal(owner, parent, 25_000)
    const mine = await folder(other)
    let cursor: string | undefined
    const found: string[] = []
    let pages = 0
    for (let more = true; more; pages++) {
      const { status, body } = await changes(other, cursor === undefined ? {} : { cursor })
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body.cursor).not.toBe(cursor)
      expect(body.spaces).toEqual([other.home.id])
      ;({ cursor, more } = body)
      for (const { node } of body.changes) {
        expect(node.spaceId).toBe(other.home.id)
        found.push(node.id)
      }
    }
    expect(pages).toBeGreaterThanOrEqual(3)
    expect(found).toContain(mine)
  })

  test('a page of large entries ends at about a megabyte', async () => {
    const parent = await folder(owner)
    await fillJournal(owner, parent, 300, 16_000)
    const client = new FeedClient({ call: owner.call })
    await client.pull()
    const first = await changes(owner, { cursor: client.cursor! })
    expect(first.body.changes).toEqual([])
    const { body } = await owner.call('GET', `/v1/sync/changes?limit=1000&cursor=${await beforeLast(client, 300)}`)
    expect(body.more).toBe(true)
    expect(body.changes.length).toBeGreaterThan(10)
    expect(JSON.stringify(body).length).toBeLessThan(1_300_000)
  })
})

/** A cursor of the client's that stands `count` entries before the head. */
async function beforeLast(client: FeedClient, count: number): Promise<string> {
  const walker = new FeedClient({ call: owner.call })
  const total = client.told.size - count
  for (let told = 0; told < total;) {
    const page = await walker.page(walker.cursor, { limit: Math.min(1_000, total - told) })
    told += page.body.changes.length
    walker.cursor = page.body.cursor
  }
  return walker.cursor!
}

/** Entries with their nodes, as so many commits would have left them. */
async function fillJournal(who: Account, parent: string, count: number, propertyBytes = 0): Promise<void> {
  const { tenantId, home, userId } = who
  await sql.begin(async (tx) => {
    const [row] = await tx<{ seq: number }[]>`
      update tenant_head set seq = seq + ${count}, lease = lease + 1 where tenant_id = ${tenantId} returning (seq - ${count})::float8 as seq`
    await tx`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable, properties, created_at, changed_at, changed_seq, content_seq, placed_seq)
      select ${tenantId}, gen_random_uuid(), ${home.id}, ${parent}, 'folder', n, n, 0, 1, false,
        case when ${propertyBytes}::int > 0 then jsonb_build_object('p', repeat('x', ${propertyBytes}::int)) end,
        date_trunc('milliseconds', now()), date_trunc('milliseconds', now()), ${row!.seq}::bigint + i, ${row!.seq}::bigint + i, ${row!.seq}::bigint + i
      from (select i, 'filled ' || i as n from generate_series(1, ${count}::bigint) i) filled`
    await tx.unsafe(
      `insert into journal (tenant_id, seq, kind, node_id, space_id, mutation_id, user_id, session_id, at, node)
       select n.tenant_id, n.changed_seq, 'created', n.id, n.space_id, gen_random_uuid(), $3, gen_random_uuid(), n.changed_at, ${NODE_JSON}
       from nodes n where n.tenant_id = $1 and n.changed_seq > $2`,
      [tenantId, row!.seq, userId],
    )
  })
  await sql`analyze nodes, journal`
}

describe('FD-4 waiting', () => {
  test('an empty page waits and is woken by a commit', async () => {
    const cursor = await head(owner)
    const started = performance.now()
    const waiting = changes(owner, { cursor, wait: 30 })
    const made = await folder(owner)
    const { body } = await waiting
    expect(body.changes.map(({ node }: { node: { id: string } }) => node.id)).toEqual([made])
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('what is not for the caller wakes nobody for good, and the wait ends', async () => {
    const cursor = await head(other)
    const started = performance.now()
    const waiting = changes(other, { cursor, wait: 1 })
    await folder(owner)
    const { status, body } = await waiting
    expect(status).toBe(200)
    expect(body.changes).toEqual([])
    expect(performance.now() - started).toBeGreaterThan(900)
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('many wait at once, and each is told', async () => {
    const cursor = await head(owner)
    const waiting = Array.from({ length: 200 }, () => changes(owner, { cursor, wait: 30 }))
    const made = await folder(owner)
    for (const { body } of await Promise.all(waiting))
      expect(body.changes.map(({ node }: { node: { id: string } }) => node.id)).toEqual([made])
  })
})
