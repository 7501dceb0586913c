import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import { ROUTES, type Route } from '../../protocol/routes.ts'
import { addAccount, firstAccount, send, signIn, type Account, type Answer } from '../support/account.ts'
import { openHoldings } from '../support/holdings.ts'
import { otherTenant } from '../support/other-tenant.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { changedIds, makeThings, noThings, ROWS, type MemberRoute, type Things } from './idor-rows.ts'
import { badTokens, type BadToken } from './idor-tokens.ts'

/** Every member's route × everyone who may not (T11, SECURITY acceptance test 8; docs/spec/http-rules.md, HR-8, HR-13). */
let dir: string
let stack: Stack
let owner: Account
let member: Account
let stranger: Account
let things: Things
let holdings: Awaited<ReturnType<typeof openHoldings>>
let tokens: BadToken[]

beforeAll(async () => {
  dir = await temporaryFolder()
  stack = await testStack({ dir })
  owner = await firstAccount(stack)
  member = await addAccount(stack, owner, 'member@example.com')
  stranger = await otherTenant(stack, 'stranger@example.net')
  things = await makeThings(owner)
  holdings = await openHoldings(stack)
  tokens = await badTokens(dir, owner.token)
})
afterAll(async () => {
  await holdings?.close()
  await stack?.stop()
  await rm(dir, { recursive: true, force: true })
})

const NAMES = Object.keys(ROWS) as MemberRoute[]
/** After these the thing is gone, or the session: they come last. */
const LAST = ['abortUpload', 'revokeDevice'] as const satisfies MemberRoute[]

/** Asks a route about these things, as whom the header says. */
function ask(name: MemberRoute, authorization: string | null, about: Things, more: Record<string, string> = {}) {
  const { path, body, headers: own } = ROWS[name]
  const headers = { ...own, ...more, ...(authorization === null ? {} : { authorization }) }
  return send(stack.url, ROUTES[name].method.toUpperCase(), path(about), body?.(about), headers)
}
const as = (account: Pick<Account, 'token'>): string => `Bearer ${account.token}`
const plain = ({ status, headers, body }: Answer) => ({
  status,
  headers: [...headers].filter(([name]) => name !== 'date'),
  body: JSON.parse(JSON.stringify(body).replaceAll(/"mutationId":"[^"]+"/g, '"mutationId":""')),
})

test('HR-13 every route has a row: what is not public is asked for with every token', () => {
  const members = Object.entries(ROUTES as Record<string, Route>).filter(([, route]) => route.policy !== 'public')
  expect(Object.keys(ROWS).toSorted()).toEqual(members.map(([name]) => name).toSorted())
})

const MALFORMED = [(id: string) => id.toUpperCase(), (id: string) => id.slice(1), (id: string) => `${id}0`]
const malformed = ({ path, into, ...ids }: Things): Things[] =>
  MALFORMED.map((change) => ({ ...changedIds(ids, change), path, into }))

describe.each(NAMES)('%s', (name) => {
  test('HR-13 without a token of ours → 401, and nothing changes', async () => {
    const before = await holdings.look()
    for (const { title, code, authorization } of tokens) {
      const answer = await ask(name, authorization, things)
      expect(answer.body, title).toMatchObject({ code })
      expectProblem(answer, code)
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="bitvault", error="\w+"$/)
    }
    expect(await holdings.look()).toEqual(before)
  })

  test('HR-8 T11 for another member and another tenant, what is not theirs is unknown', async () => {
    const before = await holdings.look()
    for (const who of [member, stranger]) {
      const [theirs, unknown] = [await ask(name, as(who), things), await ask(name, as(who), noThings(things))]
      expect(plain(theirs)).toEqual(plain(unknown))
      if (/:/.test(ROUTES[name].path) && ROWS[name].about === 'byId')
        for (const odd of malformed(things)) expect(plain(await ask(name, as(who), odd))).toEqual(plain(unknown))
      if (ROWS[name].about === 'byId') expectProblem(theirs, 'not-found', /:(\w+)/.exec(ROUTES[name].path)?.[1])
      for (const id of [...Object.values(things), owner.home.id, owner.home.rootId])
        expect(JSON.stringify(theirs.body)).not.toContain(id)
    }
    expect(await holdings.look()).toEqual(before)
  })

  test('T21 HR-14 headers that an ingress would set change nothing', async () => {
    const forged = {
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-user': owner.userId,
      forwarded: 'for=127.0.0.1;host=evil.example',
      'x-real-ip': '127.0.0.1',
      'cf-connecting-ip': '127.0.0.1',
      'cf-access-jwt-assertion': owner.token,
      'x-tenant': owner.tenantId,
      'x-tenant-id': owner.tenantId,
      'x-user': owner.userId,
      'x-user-id': owner.userId,
      'x-original-url': '/healthz',
      'x-http-method-override': 'GET',
    }
    expectProblem(await ask(name, null, things, forged), 'unauthenticated')
    const [forgedAnswer, honest] = [
      await ask(name, as(stranger), things, forged),
      await ask(name, as(stranger), things),
    ]
    expect(plain(forgedAnswer)).toEqual(plain(honest))
  })

  test('T20 HR-15 no answer invites other origins, and none is kept', async () => {
    for (const origin of ['https://evil.example', 'null', `${stack.url}.evil.example`]) {
      const { headers } = await ask(name, as(stranger), things, { origin })
      expect(headers.get('access-control-allow-origin')).toBeNull()
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('cache-control')).toMatch(/no-store/)
    }
  })
})

describe('HR-16 T26 an end takes effect', () => {
  /** Reads may go on for this long (durable-objects/session-cache.ts), and a test machine may be slow. */
  const READS_END_MS = 4_000

  async function expectEnded(who: Account, own: Things): Promise<void> {
    const before = await holdings.look()
    for (const name of NAMES.filter((route) => ROWS[route].writes)) {
      const answer = await ask(name, as(who), own)
      expect(answer.body, `${name} at once`).toMatchObject({ code: 'session-revoked' })
      expectProblem(answer, 'session-revoked')
    }
    await expect
      .poll(async () => (await ask('stat', as(who), own)).status, { timeout: READS_END_MS, interval: 100 })
      .toBe(401)
    for (const name of NAMES) {
      const answer = await ask(name, as(who), own)
      expect(answer.body, name).toMatchObject({ code: 'session-revoked' })
      expectProblem(answer, 'session-revoked')
    }
    expect(await holdings.look()).toEqual(before)
  }

  test('a session that was signed out: writes at once, reads within two seconds', async () => {
    const second = await signIn(stack.url, owner.email, owner.password)
    for (const name of ['stat', 'uploadStatus'] as const) expect((await ask(name, as(second), things)).status).toBe(200)
    expect((await second.call('POST', '/v1/auth/revoke')).status).toBe(200)
    await expectEnded(second, things)
    expect((await ask('stat', as(owner), things)).status).toBe(200)
  })

  test('a session whose last day is over, while its token still stands', async () => {
    const second = await signIn(stack.url, owner.email, owner.password)
    const { sid } = JSON.parse(Buffer.from(second.token.split('.')[1]!, 'base64url').toString())
    await holdings.db`update sessions set absolute_expiry = now() - interval '1 second' where id = ${sid}`
    await expectEnded(second, things)
  })

  test('a member who was removed', async () => {
    const leaver = await addAccount(stack, owner, `${randomUUID()}@example.com`)
    const own = await makeThings(leaver)
    expect((await ask('stat', as(leaver), own)).status).toBe(200)
    expect((await owner.call('DELETE', `/v1/members/${leaver.userId}`)).status).toBe(204)
    await expectEnded(leaver, own)
  })
})

test('T21 no address that a client claims is written down', async () => {
  const forged = { 'x-forwarded-for': '203.0.113.7', 'x-real-ip': '203.0.113.7', 'cf-connecting-ip': '203.0.113.7' }
  const answer = await send(stack.url, 'POST', '/v1/auth/device', { device_name: 'forged' }, forged)
  expect(answer.status).toBe(200)
  const [row] = await holdings.db`select client_address from device_codes where device_name = 'forged'`
  expect(row).toEqual({ client_address: null })
})

test('HR-13 with its owner’s token every row succeeds: what was refused above was asked rightly', async () => {
  const isLater = (name: MemberRoute) => name === 'live' || LAST.some((last) => last === name)
  for (const name of NAMES.filter((route) => !isLater(route))) {
    const { status, body } = await ask(name, as(owner), things)
    if (name === 'trace') expect(status).toBe(404)
    else expect(status, name).toBeLessThan(300)
    if (ROWS[name].about === 'each') expect(JSON.stringify(body)).not.toContain('not-found')
  }
  expect((await ask('abortUpload', as(owner), things)).status).toBe(204)
})
