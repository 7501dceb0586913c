import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { identityWorld, type IdentityWorld } from '../../test/support/identity-world.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
  await world.setUp()
})
afterAll(() => world.drop())

const signIn = async () => (await world.signIn()).json as { access_token: string; refresh_token: string }
const whoami = (token: string) => world.api('GET', '/v1/whoami', undefined, token)

describe('T18 refresh tokens', () => {
  test('rotate: the old one is spent, the new one goes on, the session is the same', async () => {
    const first = await signIn()
    const second = await world.refresh(first.refresh_token)
    expect(second.status).toBe(200)
    expect(second.json.refresh_token).not.toBe(first.refresh_token)
    const ids = [first.access_token, second.json.access_token].map(async (t) => (await whoami(t)).json.session.id)
    expect(await ids[0]).toBe(await ids[1])
  })

  test('a lost answer: the same token again gives the same successor, and the client goes on', async () => {
    const { refresh_token } = await signIn()
    const lost = await world.refresh(refresh_token)
    world.clock.advance(29_000)
    const repeated = await world.refresh(refresh_token)
    expect(repeated.json.refresh_token).toBe(lost.json.refresh_token)
    world.clock.advance(600_000)
    expect((await world.refresh(repeated.json.refresh_token)).status).toBe(200)
  })

  test('after the grace time a repeat is reuse: every token of the family ends at once', async () => {
    const { refresh_token, access_token } = await signIn()
    const next = (await world.refresh(refresh_token)).json
    world.clock.advance(30_001)
    const reused = await world.refresh(refresh_token)
    expect([reused.status, reused.json.error]).toEqual([400, 'invalid_grant'])
    expect((await world.refresh(next.refresh_token)).json.error).toBe('invalid_grant')
    expect((await whoami(next.access_token)).json.code).toBe('session-revoked')
    expect((await whoami(access_token)).json.code).toBe('session-revoked')
    expect(world.lines.some((line) => line.startsWith('warn refresh.reused'))).toBe(true)
  })

  test('many clients race for one token: one family, one successor', async () => {
    let { refresh_token } = await signIn()
    for (let round = 0; round < 25; round++) {
      const replies = await Promise.all(Array.from({ length: 8 }, () => world.refresh(refresh_token)))
      const successors = new Set(replies.map((reply) => reply.json.refresh_token))
      expect(replies.map((r) => r.status)).toEqual(Array(8).fill(200))
      expect(successors.size).toBe(1)
      refresh_token = [...successors][0]
    }
    const [row] = await world.owner`
      select count(*)::int as live from refresh_tokens where rotated_at is null
      and session_id = (select session_id from refresh_tokens order by issued_at desc limit 1)`
    expect(row!['live']).toBe(1)
  })

  test('a successor is kept sealed, and only for its grace time', async () => {
    const first = await signIn()
    const second = await world.refresh(first.refresh_token)
    world.clock.advance(60_000)
    await world.refresh(second.json.refresh_token)
    const rows = await world.owner`
      select successor_sealed is not null as sealed from refresh_tokens where session_id =
        (select session_id from refresh_tokens order by issued_at desc limit 1) and rotated_at is not null order by rotated_at`
    expect(rows.map((row) => row['sealed'])).toEqual([false, true])
  })

  test('unknown, idle for too long, past the absolute end: invalid_grant', async () => {
    expect((await world.refresh('bvr_nothing')).json.error).toBe('invalid_grant')
    const { refresh_token } = await signIn()
    world.clock.advance(60 * 86_400_000)
    expect((await world.refresh(refresh_token)).json.error).toBe('invalid_grant')
  })

  test('the token endpoint speaks OAuth', async () => {
    expect((await world.token({ grant_type: 'password' })).json.error).toBe('unsupported_grant_type')
    expect((await world.token({ grant_type: 'refresh_token' })).json.error).toBe('invalid_request')
    expect((await world.token({})).status).toBe(400)
    const foreign = await world.api('POST', '/v1/auth/token', {}, undefined, { origin: 'https://evil.example' })
    expect(foreign.status).toBe(403)
  })
})

describe('signing out', () => {
  test('by bearer: the session ends, its tokens with it', async () => {
    const { access_token, refresh_token } = await signIn()
    expect((await world.api('POST', '/v1/auth/revoke', undefined, access_token)).status).toBe(200)
    expect((await whoami(access_token)).json).toMatchObject({ status: 401, code: 'session-revoked' })
    expect((await world.refresh(refresh_token)).json.error).toBe('invalid_grant')
  })

  test('RFC 7009 by refresh token; an unknown one is no error', async () => {
    const { access_token, refresh_token } = await signIn()
    expect((await world.api('POST', '/v1/auth/revoke', { token: refresh_token })).status).toBe(200)
    expect((await whoami(access_token)).json.code).toBe('session-revoked')
    expect((await world.api('POST', '/v1/auth/revoke', { token: 'bvr_unknown' })).status).toBe(200)
  })
})

describe('API tokens', () => {
  test('made once, exchanged for short tokens, revoked within a check', async () => {
    const { access_token } = await signIn()
    const made = await world.api('POST', '/v1/tokens', { name: 'backup', expiresInDays: 1 }, access_token)
    expect(made.status).toBe(201)
    expect(made.json.token).toMatch(/^bvt_[0-9a-z]{8}_[0-9a-z]{32}$/)
    const grant = { grant_type: 'urn:bitvault:params:oauth:grant-type:api-token', api_token: made.json.token }
    const exchanged = await world.token(grant)
    expect(exchanged.json.refresh_token).toBeUndefined()
    const me = await whoami(exchanged.json.access_token)
    expect(me.json.session).toMatchObject({ kind: 'api-token', deviceName: 'backup' })
    const listed = (await world.api('GET', '/v1/tokens', undefined, access_token)).json.tokens
    expect(listed[0]).toMatchObject({ id: made.json.id, prefix: made.json.token.slice(4, 12), revokedAt: null })
    expect(JSON.stringify(listed)).not.toContain(made.json.token)
    expect((await world.api('DELETE', `/v1/tokens/${made.json.id}`, undefined, access_token)).status).toBe(204)
    expect((await whoami(exchanged.json.access_token)).json.code).toBe('session-revoked')
    expect((await world.token(grant)).json.error).toBe('invalid_grant')
  })

  test('T28 a token makes no tokens and manages nobody; an old session must sign in again', async () => {
    const { access_token, refresh_token } = await signIn()
    const { token } = (await world.api('POST', '/v1/tokens', { name: 'ci', expiresInDays: 2 }, access_token)).json
    const grant = { grant_type: 'urn:bitvault:params:oauth:grant-type:api-token', api_token: token }
    const machine = (await world.token(grant)).json.access_token
    expect((await world.api('POST', '/v1/tokens', { name: 'more' }, machine)).status).toBe(403)
    expect((await world.api('POST', '/v1/members', {}, machine)).status).toBe(403)
    world.clock.advance(3_600_001)
    const later = (await world.refresh(refresh_token)).json.access_token
    const old = await world.api('POST', '/v1/tokens', { name: 'more' }, later)
    expect(old.json).toMatchObject({ status: 403, signInAgain: true })
    world.clock.advance(2 * 86_400_000)
    expect((await world.token(grant)).json.error).toBe('invalid_grant')
  })
})

describe('members', () => {
  const add = (bearer: string, body: object) => world.api('POST', '/v1/members', body, bearer)

  test('an invited person sets a password by a link that works once', async () => {
    const { access_token } = await signIn()
    const added = await add(access_token, { email: 'Grace@Example.com', displayName: 'Grace' })
    expect(added.status).toBe(201)
    const link = new URL(added.json.passwordLink)
    const path = link.pathname + link.search
    expect((await world.signIn('grace@example.com', '')).status).toBe(400)
    const browser = world.browser()
    const short = await browser.fill(path, { password: 'short' }, '/password')
    expect([short.status, short.text.includes('aria-invalid="true"')]).toEqual([400, true])
    expect((await browser.fill(path, { password: 'hopper and the moth' }, '/password')).status).toBe(200)
    expect((await browser.get(path)).status).toBe(404)
    const grace = (await world.signIn('grace@example.com', 'hopper and the moth')).json.access_token
    expect((await world.api('GET', '/v1/members', undefined, grace)).status).toBe(403)
    expect((await add(grace, { email: 'x@example.com', displayName: 'X' })).status).toBe(403)
  })

  test('removal ends every session at once; the person comes back by an admin only', async () => {
    const { access_token } = await signIn()
    const body = { email: 'tim@example.com', displayName: 'Tim', password: 'information mgmt' }
    const { userId } = (await add(access_token, body)).json
    const tim = (await world.signIn(body.email, body.password)).json
    expect((await whoami(tim.access_token)).status).toBe(200)
    expect((await world.api('DELETE', `/v1/members/${userId}`, undefined, access_token)).status).toBe(204)
    expect((await whoami(tim.access_token)).json.code).toBe('session-revoked')
    expect((await world.refresh(tim.refresh_token)).json.error).toBe('invalid_grant')
    expect((await world.signIn(body.email, body.password)).status).toBe(401)
    expect((await add(access_token, { email: body.email, displayName: 'Tim' })).json).toMatchObject({
      userId,
      passwordLink: null,
    })
    expect((await world.signIn(body.email, body.password)).status).toBe(200)
    const spaces = await world.owner`select 1 from spaces where owner_id = ${userId}`
    expect(spaces.length).toBe(1)
  })

  test('admins manage members only; the last owner stays; owners are not added', async () => {
    const owner = (await signIn()).access_token
    const password = 'a long enough one'
    await add(owner, { email: 'adm@example.com', displayName: 'Adm', role: 'admin', password })
    const admin = (await world.signIn('adm@example.com', password)).json.access_token
    const me = (await whoami(owner)).json.userId
    expect((await add(admin, { email: 'b@example.com', displayName: 'B', role: 'admin' })).status).toBe(403)
    expect((await add(owner, { email: 'b@example.com', displayName: 'B', role: 'owner' })).status).toBe(400)
    expect((await world.api('DELETE', `/v1/members/${me}`, undefined, admin)).status).toBe(403)
    expect((await world.api('DELETE', `/v1/members/${me}`, undefined, owner)).status).toBe(403)
    expect((await add(owner, { email: 'adm@example.com', displayName: 'Adm' })).json.code).toBe('name-taken')
    const listed = (await world.api('GET', '/v1/members', undefined, admin)).json.members
    expect(listed.map((m: { email: string }) => m.email)).toContain('adm@example.com')
  })

  test('T28 an account of another tenant is neither added nor given a link', async () => {
    const owner = (await signIn()).access_token
    const userId = '01900000-0000-7000-8000-00000000000a'
    await world.owner`insert into users (id, email, display_name, created_at) values (${userId}, 'else@example.com', 'Else', now())`
    const reply = await add(owner, { email: 'else@example.com', displayName: 'Mine now' })
    expect(reply.json).toMatchObject({ status: 409, code: 'name-taken' })
    expect((await world.api('DELETE', `/v1/members/${userId}`, undefined, owner)).status).toBe(404)
  })
})
