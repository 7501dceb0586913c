import { randomBytes, randomUUID } from 'node:crypto'
import postgres, { type Sql } from 'postgres'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ConnectionError } from '../../client/connection-error.ts'
import { followLive, liveWorld, type LiveListener } from '../../client/live.ts'
import { runtimeWebSocket, type OpenWebSocket } from '../../client/live-connection.ts'
import type { Stack } from '../../embedded/stack.ts'
import { addAccount, firstAccount, signIn, type Account } from '../support/account.ts'
import { openLive } from '../support/live-socket.ts'
import { otherTenant } from '../support/other-tenant.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'

/** The registry of devices, and a client that follows (docs/spec/live.md, LV-12 to LV-16). */
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

type Device = {
  id: string
  name: string
  lag: number | null
  current: boolean
  live: boolean
  lastError: string | null
}

const another = (who: Account): Promise<Account> => signIn(stack.url, who.email, who.password)
const register = async (who: Account, more: object = {}): Promise<Device> =>
  (await who.call('POST', '/v1/devices', { name: 'a laptop', platform: 'linux-x64', ...more })).body
const devicesOf = async (who: Account): Promise<Device[]> => (await who.call('GET', '/v1/devices')).body.devices
const deviceOf = async (who: Account, id: string) => (await devicesOf(who)).find((device) => device.id === id)
const makeFolder = async (who: Account, name: string = randomUUID()): Promise<string> =>
  (await who.call('POST', '/v1/folders', { parent: who.home.rootId, name })).body.node.id

describe('LV-12 devices register, and are listed to their owner', () => {
  test('a new one has an id of its own; the one that asks is current', async () => {
    const [here, there] = [await another(owner), await another(owner)]
    const made = await here.call('POST', '/v1/devices', { name: 'a laptop', platform: 'linux-x64' })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ name: 'a laptop', platform: 'linux-x64', lag: null, lastError: null })
    expect(await deviceOf(here, made.body.id)).toMatchObject({ current: true, live: false })
    expect(await deviceOf(there, made.body.id)).toMatchObject({ current: false })
  })

  test('a known one that signs in anew is the same device', async () => {
    const device = await register(await another(owner))
    const later = await another(owner)
    const bound = await later.call('POST', '/v1/devices', { id: device.id, name: 'renamed', platform: 'linux-x64' })
    expect(bound.status).toBe(200)
    expect(bound.body).toMatchObject({ id: device.id, name: 'renamed', current: true })
  })

  test('what keeps it from synchronising is told, and taken back', async () => {
    const device = await register(owner)
    const lastError = 'the disk is full'
    const told = await owner.call('PATCH', `/v1/devices/${device.id}`, { lastError })
    expect(told.body).toMatchObject({ id: device.id, lastError })
    expect(await deviceOf(owner, device.id)).toMatchObject({ lastError })
    await owner.call('PATCH', `/v1/devices/${device.id}`, { lastError: null })
    expect(await deviceOf(owner, device.id)).toMatchObject({ lastError: null })
  })

  test('a user has at most 200, and one more when one is revoked', async () => {
    const crowd = await addAccount(stack, owner, 'crowd@example.com')
    const last = await register(crowd)
    await sql`insert into devices (tenant_id, id, user_id, session_id, name, platform, created_at, last_seen_at)
      select tenant_id, gen_random_uuid(), user_id, session_id, name, platform, created_at, last_seen_at
      from devices cross join generate_series(2, 200) where id = ${last.id}`
    const more = () => crowd.call('POST', '/v1/devices', { name: 'one too many', platform: 'linux-x64' })
    expectProblem(await more(), 'too-large')
    expect(await devicesOf(crowd)).toHaveLength(200)
    await sql`update devices set revoked_at = now() where id = ${last.id}`
    expect((await more()).status).toBe(201)
  })

  test('T11 a device of somebody else is none', async () => {
    const device = await register(owner)
    for (const who of [member, stranger]) {
      const body = { id: device.id, name: 'mine', platform: 'linux-x64' }
      expectProblem(await who.call('POST', '/v1/devices', body), 'not-found', 'id')
      expectProblem(await who.call('PATCH', `/v1/devices/${device.id}`, { lastError: null }), 'not-found', 'id')
      expectProblem(await who.call('DELETE', `/v1/devices/${device.id}`), 'not-found', 'id')
      expectProblem(await who.call('GET', `/v1/sync/changes?device=${device.id}`), 'not-found', 'device')
      expect(await devicesOf(who)).not.toContainEqual(expect.objectContaining({ id: device.id }))
    }
    expect(await deviceOf(owner, device.id)).toMatchObject({ name: 'a laptop' })
  })

  test.each([
    ['name', { name: 'line\nbreak' }],
    ['platform', { platform: 'Linux x64!' }],
    ['id', { id: 'not-an-id' }],
    ['owner', { owner: 'somebody' }],
  ])('a wrong %s is an invalid request', async (field, wrong) => {
    const body = { name: 'a laptop', platform: 'linux-x64', ...wrong }
    expectProblem(await owner.call('POST', '/v1/devices', body), 'invalid-request', field)
  })
})

describe('LV-13 where a device stands', () => {
  const changes = (who: Account, device: string, cursor?: string) =>
    who.call('GET', `/v1/sync/changes?device=${device}&limit=1000${cursor ? `&cursor=${cursor}` : ''}`)

  test('its lag is what it has not asked beyond; the position is written soon, not with each pull', async () => {
    const { id } = await register(owner)
    const { body } = await changes(owner, id)
    await changes(owner, id, body.cursor)
    expect(await deviceOf(owner, id)).toMatchObject({ lag: 0 })
    await makeFolder(owner)
    await makeFolder(owner)
    expect(await deviceOf(owner, id)).toMatchObject({ lag: 2 })
    await expect
      .poll(async () => (await sql`select cursor_seq from devices where id = ${id}`)[0]!['cursor_seq'], {
        timeout: 30_000,
        interval: 250,
      })
      .not.toBe(null)
  })

  test('on a socket it acknowledges', async () => {
    const there = await another(owner)
    const { id } = await register(there)
    const socket = await openLive(stack.url, { ...there, device: id })
    await socket.next()
    expect(await deviceOf(owner, id)).toMatchObject({ live: true, lag: null })
    await makeFolder(owner)
    const { cursor } = await socket.nextChanges()
    socket.say({ type: 'ack', cursor })
    await expect.poll(() => deviceOf(owner, id)).toMatchObject({ lag: 0 })
    socket.close()
    await expect.poll(() => deviceOf(owner, id)).toMatchObject({ live: false })
  })
})

describe('LV-14 a device that is revoked', () => {
  test('is gone, its session has ended, its sockets close', async () => {
    const there = await another(owner)
    const { id } = await register(there)
    const socket = await openLive(stack.url, { ...there, device: id })
    expect((await owner.call('DELETE', `/v1/devices/${id}`)).status).toBe(204)
    const since = performance.now()
    for (let message = await socket.next(); message.type !== 'closing'; message = await socket.next()) continue
    expect(performance.now() - since).toBeLessThan(5_000)
    expectProblem(await there.call('POST', '/v1/folders', { parent: owner.home.rootId, name: 'x' }), 'session-revoked')
    expectProblem(await there.call('GET', '/v1/devices'), 'session-revoked')
    expect(await deviceOf(owner, id)).toBe(undefined)
    expectProblem(await owner.call('DELETE', `/v1/devices/${id}`), 'not-found', 'id')
    const again = { id, name: 'back', platform: 'linux-x64' }
    expectProblem(await (await another(owner)).call('POST', '/v1/devices', again), 'not-found', 'id')
    expect((await owner.call('GET', '/v1/devices')).status).toBe(200)
  })

  test('with session=keep it is forgotten alone: its session goes on', async () => {
    const there = await another(owner)
    const [gone, kept] = [await register(there), await register(there)]
    expect((await there.call('DELETE', `/v1/devices/${gone.id}?session=keep`)).status).toBe(204)
    expect(await deviceOf(there, gone.id)).toBe(undefined)
    expect(await deviceOf(there, kept.id)).toMatchObject({ current: true })
    expectProblem(await there.call('GET', `/v1/sync/changes?device=${gone.id}`), 'not-found', 'device')
    expectProblem(await there.call('DELETE', `/v1/devices/${kept.id}?session=perhaps`), 'invalid-request', 'session')
  })
})

describe('LV-15 a client that follows', () => {
  /** Follows as a device of its own until the test ends; `names` is what it knows. */
  async function follow(who: Account, openWebSocket: OpenWebSocket = runtimeWebSocket) {
    const ending = new AbortController()
    const names: string[] = []
    const ways: (string | null)[] = []
    const listener: LiveListener = {
      changes: (changes) => void names.push(...changes.map(({ node }) => node.name)),
      async pull(cursor) {
        for (let at = cursor; ;) {
          const path = `/v1/sync/changes?limit=1000${at ? `&cursor=${at}` : ''}`
          // As a real client says it: a server that is away, or has just come back, is asked again.
          const { status, body } = await who.call('GET', path).catch((cause: unknown) => {
            throw new ConnectionError('a pull was not answered', 1, { cause })
          })
          if (status >= 500) throw new ConnectionError(`a pull answered ${status}`)
          if (status !== 200) throw new Error(`a pull answered ${status}`)
          names.push(...body.changes.map(({ node }: { node: { name: string } }) => node.name))
          if (!body.more) return body.cursor
          at = body.cursor
        }
      },
      reset: () => Promise.reject(new Error('no reset was asked for')),
      access: () => undefined,
      connected: (way) => void ways.push(way),
    }
    const world = liveWorld({ clock: Date.now, random: (length) => randomBytes(length) }, ending.signal)
    const options = {
      baseUrl: stack.url,
      accessToken: async () => who.token,
      cursor: null,
      openWebSocket,
      fetch,
      world,
    }
    const ended = followLive(options, listener).catch((error: unknown) => error)
    onTestFinished(async () => {
      ending.abort()
      await ended
    })
    await expect.poll(() => ways.at(-1), { timeout: 20_000 }).toBeTypeOf('string')
    return { names, ways, ended }
  }
  const count = (names: string[], name: string) => names.filter((known) => known === name).length

  test('hears each change once, also those of a time without a connection', async () => {
    const follower = await follow(await another(owner))
    const [before, after] = [randomUUID(), randomUUID()]
    await makeFolder(owner, before)
    await expect.poll(() => count(follower.names, before)).toBe(1)
    await stack.worker.kill9()
    await expect.poll(() => follower.ways.at(-1), { timeout: 20_000 }).toBe(null)
    await stack.worker.restart()
    await makeFolder(owner, after)
    // It comes back with growing pauses: on a busy machine the server is away for several of them.
    const heard = expect.poll(() => count(follower.names, after), { timeout: 100_000 }).toBe(1)
    await Promise.race([heard, follower.ended.then((error) => expect.unreachable(`it follows no more: ${error}`))])
    expect(count(follower.names, before)).toBe(1)
  })

  test('takes a stream where no socket gets through', async () => {
    const follower = await follow(await another(owner), () => runtimeWebSocket('ws://127.0.0.1:1', {}))
    expect(follower.ways).toContain('stream')
    const name = randomUUID()
    await makeFolder(owner, name)
    await expect.poll(() => count(follower.names, name)).toBe(1)
  })

  test('stops when its session has ended', async () => {
    const there = await another(owner)
    const follower = await follow(there)
    await there.call('POST', '/v1/auth/revoke')
    expect(await follower.ended).toMatchObject({ code: 'session-revoked' })
  })
})
