import { afterAll, beforeAll, expect, test } from 'vitest'
import { testStack } from '../../test/support/stack.ts'

/* The whole way in workerd: gateway, its binding to identity, the journal's look at the session. */
let stack: Awaited<ReturnType<typeof testStack>>
beforeAll(async () => void (stack = await testStack()))
afterAll(() => stack?.stop())

const call = async (method: string, path: string, body?: unknown, bearer?: string) => {
  const response = await fetch(stack.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : null, text }
}

test('set up, sign in, be known at the gateway, be revoked there: writes at once, reads within seconds', async () => {
  const person = { email: 'ada@example.com', password: 'correct horse battery' }
  const done = await call('POST', '/v1/setup', {
    token: stack.setupToken,
    organisation: 'Lovelace',
    name: 'Ada',
    ...person,
  })
  expect([done.status, done.text]).toEqual([201, expect.stringContaining('userId')])
  expect((await call('GET', '/login')).text).toContain('<h1>Sign in</h1>')
  const { access_token, refresh_token } = (await call('POST', '/v1/auth/sign-in', { ...person, deviceName: 'test' }))
    .json
  const spaces = await call('GET', '/v1/spaces', undefined, access_token)
  expect([spaces.status, spaces.text]).toEqual([200, expect.stringContaining('home')])
  const parent = spaces.json.spaces[0].rootId as string
  const write = async (bearer: string) =>
    (await call('POST', '/v1/folders', { parent, name: `made by ${bearer.slice(-8)}` }, bearer)).json.code ?? 'done'
  const read = async (bearer: string) => (await call('GET', '/v1/spaces', undefined, bearer)).json.code ?? 'done'
  expect(await write(access_token)).toBe('done')
  const again = (await call('POST', '/v1/auth/token', { grant_type: 'refresh_token', refresh_token })).json
  expect((await call('GET', '/v1/auth/whoami', undefined, again.access_token)).json).toMatchObject({
    email: person.email,
  })
  const { token, id } = (await call('POST', '/v1/tokens', { name: 'ci' }, access_token)).json
  expect((await call('GET', '/v1/spaces', undefined, token)).status).toBe(200)
  expect((await call('DELETE', `/v1/tokens/${id}`, undefined, access_token)).status).toBe(204)
  expect(await write(token)).toBe('session-revoked')
  expect((await call('POST', '/v1/auth/revoke', undefined, access_token)).status).toBe(200)
  for (const bearer of [access_token, again.access_token]) expect(await write(bearer)).toBe('session-revoked')
  // Reads may trust a session for two seconds.
  await expect.poll(() => read(access_token), { timeout: 10_000, interval: 250 }).toBe('session-revoked')
  expect((await call('GET', '/v1/spaces')).json.code).toBe('unauthenticated')
  expect((await call('GET', '/v1/spaces', undefined, 'a.b.c')).json.code).toBe('unauthenticated')
})
