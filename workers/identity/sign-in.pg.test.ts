import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { identityWorld, OWNER, SETUP_TOKEN, type IdentityWorld } from '../../test/support/identity-world.ts'

describe('first run', () => {
  let world: IdentityWorld
  beforeAll(async () => void (world = await identityWorld()))
  afterAll(() => world.drop())

  test('a wrong or missing token looks like a closed door', async () => {
    expect((await world.api('GET', '/v1/setup')).json).toEqual({ open: true })
    const wrong = await world.setUp({ token: 'guess' })
    expect([wrong.status, wrong.json.code]).toEqual([404, 'setup-closed'])
    expect((await world.send('/setup?token=guess')).status).toBe(404)
    expect((await world.send('/setup')).text).not.toContain('name="password"')
  })

  test.each([
    ['password', { password: 'short' }],
    ['password', { password: 'x'.repeat(257) }],
    ['password', { password: 'aaaaaaaaaaaaaaa' }],
    ['email', { email: 'nobody' }],
    ['organisation', { organisation: '  ' }],
  ])('a bad %s is named and makes nothing', async (field, over) => {
    const reply = await world.setUp(over)
    expect([reply.status, reply.json.field]).toEqual([400, field])
    expect((await world.api('GET', '/v1/setup')).json).toEqual({ open: true })
  })

  test('two at once make one tenant, with its owner and their space; the door is shut for ever', async () => {
    const replies = await Promise.all(['a', 'b', 'c'].map((n) => world.setUp({ email: `${n}@example.com` })))
    expect(replies.map((r) => r.status).toSorted()).toEqual([201, 404, 404])
    const [counts] =
      await world.owner`select (select count(*)::int from tenants) as tenants, (select count(*)::int from users) as users,
      (select count(*)::int from memberships where role = 'owner') as owners, (select count(*)::int from spaces) as spaces,
      (select count(*)::int from tenant_head) as heads`
    expect(counts).toEqual({ tenants: 1, users: 1, owners: 1, spaces: 1, heads: 1 })
    expect((await world.api('GET', '/v1/setup')).json).toEqual({ open: false })
    expect((await world.send(`/setup?token=${SETUP_TOKEN}`)).status).toBe(404)
  })
})

describe('sign-in by password', () => {
  let world: IdentityWorld
  beforeAll(async () => {
    world = await identityWorld()
    await world.setUp()
  })
  afterAll(() => world.drop())

  test('the right one gives tokens that say who it is', async () => {
    const reply = await world.signIn(' ADA@example.com ')
    expect(reply.status).toBe(200)
    expect(reply.headers.get('cache-control')).toBe('no-store')
    expect(reply.json).toMatchObject({ token_type: 'Bearer', expires_in: 600 })
    const me = await world.api('GET', '/v1/whoami', undefined, reply.json.access_token)
    expect(me.json).toMatchObject({
      email: OWNER.email,
      tenantName: 'Lovelace',
      role: 'owner',
      session: { deviceName: 'laptop' },
    })
  })

  test('the same password in another Unicode form is the same password', async () => {
    const admin = (await world.signIn()).json.access_token
    const password = 'caf\u00e9 au lait \u2460'
    await world.api('POST', '/v1/members', { email: 'eve@example.com', displayName: 'Eve', password }, admin)
    expect((await world.signIn('eve@example.com', 'cafe\u0301 au lait 1')).status).toBe(200)
  })

  test('a wrong password and an unknown address: one answer, like work', async () => {
    const time = async (email: string) => {
      const start = performance.now()
      const reply = await world.signIn(email, 'a wrong password')
      return { reply, ms: performance.now() - start }
    }
    const [wrong, unknown] = [await time(OWNER.email), await time('nobody@example.com')]
    expect([wrong.reply.status, wrong.reply.json.code]).toEqual([401, 'unauthenticated'])
    expect(unknown.reply.text).toBe(wrong.reply.text)
    expect(unknown.ms).toBeGreaterThan(wrong.ms / 4)
  })

  test('T28 guesses are slowed, also when they come all at once, and for unknown addresses alike', async () => {
    for (const email of ['target@example.com', OWNER.email]) {
      world.clock.advance(25 * 3_600_000)
      const replies = await Promise.all(Array.from({ length: 12 }, () => world.signIn(email, 'a wrong guess')))
      const counted = replies.filter((r) => r.status === 401).length
      expect(counted).toBe(5)
      const limited = replies.find((r) => r.status === 429)!
      expect(limited.json).toMatchObject({ code: 'too-many-requests', retryable: true, retryAfterMs: 1000 })
    }
    expect((await world.signIn()).status).toBe(429)
    world.clock.advance(1000)
    expect((await world.signIn()).status).toBe(200)
    expect((await world.signIn(OWNER.email, 'a wrong guess')).status).toBe(401)
  })

  test('many accounts guessed from one address: the address is slowed', async () => {
    const from = { 'x-real-ip': '203.0.113.9' }
    const statuses: number[] = []
    // The rows stand for guesses made before.
    for (let i = 0; i < 3; i++) statuses.push((await world.signIn(`u${i}@example.com`, 'a wrong guess', from)).status)
    await world.owner`update sign_in_attempts set failures = 50 where failures = 3`
    statuses.push((await world.signIn('u9@example.com', 'a wrong guess', from)).status)
    expect(statuses).toEqual([401, 401, 401, 429])
    expect((await world.signIn(OWNER.email, OWNER.password, { 'x-real-ip': '203.0.113.10' })).status).toBe(200)
  })

  test('what is sent is bounded and typed', async () => {
    const post = (body: string, type: string) =>
      world.send('/v1/auth/sign-in', { method: 'POST', headers: { 'content-type': type }, body })
    expect((await post('{}', 'text/plain')).json.code).toBe('unsupported-media-type')
    expect((await post('{', 'application/json')).json.code).toBe('malformed-json')
    expect((await post(JSON.stringify({ email: 'x'.repeat(20_000) }), 'application/json')).json.code).toBe(
      'body-too-large',
    )
    expect((await post('{}', 'application/json')).json).toMatchObject({ code: 'invalid-request', field: 'email' })
    expect((await world.api('POST', '/v1/nothing', {})).json.code).toBe('not-found')
  })

  test('T23 neither a log line nor the database holds a password or a token', async () => {
    const { access_token, refresh_token } = (await world.signIn()).json
    const admin = (await world.api('POST', '/v1/tokens', { name: 'ci' }, access_token)).json.token
    const tables = await world.owner<
      { name: string }[]
    >`select tablename as name from pg_tables where schemaname = 'public'`
    let dump = world.lines.join('\n')
    for (const { name } of tables) {
      const [row] =
        await world.owner`select coalesce(string_agg(t::text, E'\n'), '') as text from ${world.owner(name)} t`
      dump += String(row!['text'])
    }
    expect(dump).toContain(OWNER.email)
    for (const secret of [OWNER.password, access_token, refresh_token, admin]) expect(dump).not.toContain(secret)
  })
})
