import { createHash, randomUUID } from 'node:crypto'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TenantId, UserId } from '../../core/ids.ts'
import { formatCursor } from '../../core/namespace/cursor.ts'
import type { LiveMessage } from '../../protocol/live.ts'
import type { Stack } from '../../embedded/stack.ts'
import { addAccount, firstAccount, send, signIn, type Account } from '../support/account.ts'
import { askLive, openEvents, openLive, type TestSocket } from '../support/live-socket.ts'
import { otherTenant } from '../support/other-tenant.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'

/** Live changes on the real server (docs/spec/live.md). */
let stack: Stack
let sql: Sql
let owner: Account
let member: Account
let stranger: Account

beforeAll(async () => {
  stack = await testStack()
  sql = postgres(stack.ownerUrl, { max: 1, onnotice: () => {} })
  owner = await firstAccount(stack)
  member = await addAccount(stack, owner, 'member@example.com')
  stranger = await otherTenant(stack, 'stranger@example.net')
})
afterAll(async () => {
  await sql?.end()
  await stack?.stop()
})

const makeFolder = async (who: Account, name: string, parent = who.home.rootId): Promise<string> => {
  const { status, body } = await who.call('POST', '/v1/folders', { parent, name })
  expect(status).toBe(201)
  return body.node.id
}
const makeFolders = async (who: Account, count: number): Promise<void> => {
  const folders = Array.from({ length: count }, () => ({
    mutationId: randomUUID(),
    parent: who.home.rootId,
    name: randomUUID(),
    ifExists: 'fail',
  }))
  const { body } = await who.call('POST', '/v1/folders/batch', { folders })
  expect(body.results.at(-1)).toMatchObject({ outcome: 'applied' })
}
/** Where the account is when it has everything. */
const cursorOf = async (who: Account, device?: string): Promise<string> => {
  for (let cursor: string | undefined; ;) {
    const query = new URLSearchParams({ limit: '1000', ...(cursor ? { cursor } : {}), ...(device ? { device } : {}) })
    const { body } = await who.call('GET', `/v1/sync/changes?${query.toString()}`)
    cursor = body.cursor as string
    if (!body.more) return cursor
  }
}
const live = (who: Account, more: { cursor?: string; device?: string } = {}) => openLive(stack.url, { ...who, ...more })
const another = (who: Account): Promise<Account> => signIn(stack.url, who.email, who.password)

describe('LV-1 a change reaches whoever listens', () => {
  test('it carries the change itself, and joins on to the cursor of hello', async () => {
    const socket = await live(await another(owner))
    const hello = await socket.next()
    expect(hello).toMatchObject({ type: 'hello', cursor: expect.any(String) })
    const id = await makeFolder(owner, 'for the other device')
    const message = await socket.nextChanges()
    expect(message).toMatchObject({ after: (hello as { cursor: string }).cursor })
    expect(message.changes).toMatchObject([{ kind: 'created', node: { id, name: 'for the other device' } }])
    const pulled = await owner.call('GET', `/v1/sync/changes?cursor=${message.after}`)
    expect(pulled.body).toMatchObject({ changes: message.changes, cursor: message.cursor })
    socket.close()
  })

  test('LV-4 nobody is told of what they may not read, and yet the next change joins on', async () => {
    const cursor = await cursorOf(member)
    const socket = await live(member, { cursor })
    expect(await socket.next()).toMatchObject({ type: 'hello' })
    expect(await socket.next()).toMatchObject({ type: 'changes', after: cursor, changes: [] })
    await makeFolder(owner, 'a secret of the owner')
    const id = await makeFolder(member, 'of the member')
    const message = await socket.nextChanges()
    expect(message).toMatchObject({ after: cursor, changes: [{ node: { id } }] })
    expect(JSON.stringify(message)).not.toContain('secret')
    socket.close()
  })
})

describe('LV-5 a client goes on where it was', () => {
  test('after a cut it gets what it missed, once, and then what follows', async () => {
    const [here, there] = [owner, await another(owner)]
    const names = [randomUUID(), randomUUID(), randomUUID()]
    const cursor = await cursorOf(there)
    const first = await live(there, { cursor })
    await makeFolder(here, names[0]!)
    expect(await first.next()).toMatchObject({ type: 'hello' })
    const heard = await first.nextChanges()
    first.close()
    await makeFolder(here, names[1]!)
    const second = await live(there, { cursor: heard.cursor })
    await makeFolder(here, names[2]!)
    expect(await second.next()).toMatchObject({ type: 'hello' })
    const seen = [...heard.changes]
    for (let after = heard.cursor; seen.length < 3;) {
      const message = await second.next()
      if (message.type !== 'changes') throw new Error(message.type)
      expect(message.after).toBe(after)
      after = message.cursor
      seen.push(...message.changes)
    }
    expect(seen.map(({ node }) => node.name)).toEqual(names)
    second.close()
  })

  test('LV-6 who is very far behind is told to pull, and resumes from there', async () => {
    const there = await another(owner)
    const cursor = await cursorOf(there)
    await makeFolders(owner, 1_000)
    await makeFolders(owner, 10)
    const socket = await live(there, { cursor })
    expect(await socket.next()).toMatchObject({ type: 'hello' })
    expect(await socket.next()).toMatchObject({ type: 'behind' })
    const pulled = await cursorOf(there)
    socket.say({ type: 'resume', cursor: pulled })
    expect(await socket.next()).toMatchObject({ type: 'changes', after: pulled, changes: [] })
    const id = await makeFolder(owner, randomUUID())
    expect(await socket.nextChanges()).toMatchObject({ after: pulled, changes: [{ node: { id } }] })
    socket.close()
  })

  test('LV-5 resume from an older place brings everything after it again', async () => {
    const there = await another(owner)
    const cursor = await cursorOf(there)
    const socket = await live(there)
    await socket.next()
    const id = await makeFolder(owner, randomUUID())
    await socket.nextChanges()
    socket.say({ type: 'resume', cursor })
    expect(await socket.nextChanges()).toMatchObject({ after: cursor, changes: [{ node: { id } }] })
    socket.close()
  })

  test.each(['epoch', 'ahead'] as const)('LV-7 a cursor from which there is no way on is reset: %s', async (reason) => {
    const [epoch = '', seq = ''] = (await cursorOf(owner)).split('.')
    const place = { epoch: reason === 'epoch' ? randomUUID() : epoch, seq: parseInt(seq, 36) + 1_000 }
    const socket = await live(owner, { cursor: cursorFor(owner, place) })
    expect(await socket.next()).toMatchObject({ type: 'hello' })
    expect(await socket.next()).toMatchObject({ type: 'reset', reason, snapshot: '/v1/sync/snapshot' })
    socket.close()
  })

  test('LV-2 a socket outlives the object behind it', async () => {
    const socket = await live(await another(owner))
    await socket.next()
    const starts = await journalStarts()
    // The one test that waits for time to pass: an object leaves memory ten seconds after its last request and connection, later where
    // it had to look after something meanwhile.
    for (let round = 0; round < 4 && (await journalStarts()) === starts; round++) {
      await new Promise((resolve) => setTimeout(resolve, 18_000))
      const id = await makeFolder(owner, randomUUID())
      expect(await socket.nextChanges()).toMatchObject({ changes: [{ node: { id } }] })
    }
    expect(await journalStarts()).toBeGreaterThan(starts)
    socket.close()
  })
})

describe('LV-8 T26 what ends a session closes its sockets', () => {
  test('signing out', async () => {
    const there = await another(owner)
    const socket = await live(there)
    await there.call('POST', '/v1/auth/revoke')
    expect(await soon(lastOf(socket))).toBe(4401)
    expectProblem(await askLive(stack.url, there), 'session-revoked')
  })

  test('revoking an API token, used as it is', async () => {
    const made = await owner.call('POST', '/v1/tokens', { name: 'live' })
    const socket = await live({ ...owner, token: made.body.token })
    expect((await owner.call('DELETE', `/v1/tokens/${made.body.id}`)).status).toBe(204)
    expect(await soon(lastOf(socket))).toBe(4401)
  })

  test('using a refresh token twice', async () => {
    const { email, password } = owner
    const signedIn = await send(stack.url, 'POST', '/v1/auth/sign-in', { email, password, deviceName: 'stolen' })
    const refresh = () => {
      const grant = { grant_type: 'refresh_token', refresh_token: signedIn.body.refresh_token }
      return send(stack.url, 'POST', '/v1/auth/token', grant)
    }
    expect((await refresh()).status).toBe(200)
    await sql`update refresh_tokens set rotated_at = now() - interval '1 hour' where rotated_at is not null`
    const socket = await live({ ...owner, token: signedIn.body.access_token })
    expect((await refresh()).status).toBe(400)
    expect(await soon(lastOf(socket))).toBe(4401)
  })

  test('removing a member, whose sockets were of two sessions', async () => {
    const leaver = await addAccount(stack, owner, 'leaver@example.com')
    const sockets = [await live(leaver), await live(await another(leaver))]
    expect((await owner.call('DELETE', `/v1/members/${leaver.userId}`)).status).toBe(204)
    expect(await soon(Promise.all(sockets.map(lastOf)))).toEqual([4401, 4401])
  })

  test('a stream is told, and ends', async () => {
    const there = await another(owner)
    const events = await openEvents(stack.url, there)
    expect(await events.next()).toMatchObject({ event: 'hello' })
    await there.call('POST', '/v1/auth/revoke')
    expect(await soon(events.next())).toMatchObject({ event: 'closing', id: null, data: { code: 4401 } })
    expect(await events.next()).toBe(null)
  })

  test('an end that nobody told of is found before the next change goes out', async () => {
    const there = await another(owner)
    const socket = await live(there)
    await socket.next()
    const session = JSON.parse(Buffer.from(there.token.split('.')[1]!, 'base64url').toString()).sid as string
    await sql`update sessions set revoked_at = now() where id = ${session}`
    const last = lastOf(socket)
    await expect
      .poll(async () => {
        await makeFolder(owner, randomUUID())
        return Promise.race([last, Promise.resolve('open')])
      }, PATIENCE)
      .toBe(4401)
  })

  test('LV-9 rights that are withdrawn: the client is told, and hears nothing more of the space', async () => {
    const [space, root] = [randomUUID(), randomUUID()]
    await sql`insert into spaces (tenant_id, id, kind, name, root_id) values (${owner.tenantId}, ${space}, 'team', ${space}, ${root})`
    await sql`insert into nodes (tenant_id, id, space_id, parent_id, kind, name, name_key, content_revision, placement_revision, executable, created_at, changed_at, changed_seq)
      values (${owner.tenantId}, ${root}, ${space}, null, 'folder', '', '', 0, 1, false, now(), now(), 0)`
    for (const { userId } of [owner, member])
      await sql`insert into space_members (tenant_id, space_id, user_id, role) values (${owner.tenantId}, ${space}, ${userId}, 'writer')`
    const socket = await live(member)
    await socket.next()
    const shown = await makeFolder(owner, 'seen', root)
    expect(await socket.nextChanges()).toMatchObject({ changes: [{ node: { id: shown } }] })
    await sql`delete from space_members where space_id = ${space} and user_id = ${member.userId}`
    const told = until(socket, 'access').then(({ type }) => type)
    await expect
      .poll(async () => {
        await makeFolder(member, randomUUID())
        return Promise.race([told, Promise.resolve('nothing')])
      }, PATIENCE)
      .toBe('access')
    await makeFolder(owner, 'not for the member', root)
    const last = await makeFolder(member, 'the last one')
    for (;;) {
      const { changes } = await socket.nextChanges()
      expect(JSON.stringify(changes)).not.toContain('not for the member')
      if (changes.some(({ node }) => node.id === last)) break
    }
    socket.close()
  })
})

describe('LV-3 server-sent events, for whoever cannot open a socket', () => {
  test('the same messages; Last-Event-ID goes on where the stream broke off', async () => {
    const cursor = await cursorOf(owner)
    const first = await openEvents(stack.url, { ...owner, cursor })
    expect(await first.next()).toMatchObject({ event: 'hello', id: null })
    expect(await first.next()).toMatchObject({ event: 'changes', id: cursor, data: { changes: [] } })
    const ids = [await makeFolder(owner, randomUUID())]
    const heard = await first.next()
    expect(heard).toMatchObject({ event: 'changes', data: { after: cursor, changes: [{ node: { id: ids[0] } }] } })
    await first.close()
    ids.push(await makeFolder(owner, randomUUID()))
    const second = await openEvents(stack.url, owner, { 'last-event-id': heard!.id! })
    expect(await second.next()).toMatchObject({ event: 'hello' })
    expect(await second.next()).toMatchObject({ data: { after: heard!.id, changes: [{ node: { id: ids[1] } }] } })
    await second.close()
  })
})

describe('LV-10 what is refused', () => {
  test('neither a socket nor a stream', async () => {
    expectProblem(await owner.call('GET', '/v1/sync/live'), 'invalid-request', 'Upgrade')
  })

  test('cursors of nobody, of another user, another tenant, another device', async () => {
    const device = (await owner.call('POST', '/v1/devices', { name: 'one', platform: 'linux-x64' })).body.id as string
    const own = await cursorOf(owner)
    const foreign = [
      own.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      'nonsense',
      await cursorOf(member),
      await cursorOf(stranger),
      await cursorOf(owner, device),
    ]
    for (const cursor of foreign)
      expectProblem(await askLive(stack.url, { ...owner, cursor }), 'cursor-invalid', 'cursor')
    expectProblem(await askLive(stack.url, { ...owner, cursor: own, device }), 'cursor-invalid', 'cursor')
  })

  test('devices of another user, of another tenant, of nobody', async () => {
    const register = async (who: Account) =>
      (await who.call('POST', '/v1/devices', { name: 'one', platform: 'linux-x64' })).body.id as string
    for (const device of [await register(member), await register(stranger), randomUUID()])
      expectProblem(await askLive(stack.url, { ...owner, device }), 'not-found', 'device')
  })

  test.each(['{"type":"shout"}', 'not JSON', '{"type":"resume","cursor":"forged"}', `"${'x'.repeat(2_000)}"`])(
    'LV-11 a message that is none closes the socket: %.20s',
    async (said) => {
      const socket = await live(owner)
      await socket.next()
      socket.say(said)
      expect(await lastOf(socket)).toBe(4400)
      expect(await socket.closed).toBe(4400)
    },
  )

  test('more sockets of one session than anyone needs', async () => {
    const there = await another(owner)
    const sockets = await Promise.all(Array.from({ length: 16 }, () => live(there)))
    expectProblem(await askLive(stack.url, there), 'too-many-requests')
    for (const socket of sockets) socket.close()
  })

  test('a session that has ended, and no token at all', async () => {
    expectProblem(await askLive(stack.url, { token: 'nobody' }), 'unauthenticated')
  })
})

/** What was found out a moment ago may be believed for two seconds; until then a change goes out. */
const PATIENCE = { timeout: 20_000, interval: 200 }

async function until<T extends LiveMessage['type']>(
  socket: TestSocket,
  type: T,
): Promise<Extract<LiveMessage, { type: T }>> {
  for (;;) {
    const message = await socket.next()
    if (message.type === type) return message as Extract<LiveMessage, { type: T }>
  }
}

/** What LV-8 promises: within five seconds. */
async function soon<T>(work: Promise<T>): Promise<T> {
  const since = performance.now()
  const result = await work
  expect(performance.now() - since).toBeLessThan(5_000)
  return result
}

/** The code with which the server let go. */
const lastOf = async (socket: TestSocket): Promise<number> => (await until(socket, 'closing')).code

function cursorFor({ tenantId, userId }: Account, place: { epoch: string; seq: number }): string {
  const holder = { tenant: tenantId as TenantId, user: userId as UserId, device: null }
  return formatCursor(place, holder, (text) => createHash('sha256').update(text).digest('hex'))
}

async function journalStarts(): Promise<number> {
  const text = await (await fetch(`${stack.url}/metrics`)).text()
  return Number(/^bitvault_journal_starts_total (\d+)$/m.exec(text)?.[1])
}
