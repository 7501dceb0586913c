import { describe, expect, test } from 'vitest'
import { openBrowser } from './browser.ts'
import { awaitDeviceLogin, startDeviceLogin, type DeviceInvitation } from './device-login.ts'
import { createMachineSession } from './machine-session.ts'
import { parseServer } from './server-address.ts'
import { testWorld } from './test-world.ts'

const SERVER = 'https://vault.example'
const invitation: DeviceInvitation = {
  deviceCode: 'secret',
  userCode: 'BCDF-GHJK',
  address: `${SERVER}/device`,
  expiresAt: 1_800_000_600_000,
  intervalMs: 2_000,
}
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })
const TOKENS = { access_token: 'a', token_type: 'Bearer', expires_in: 300, refresh_token: 'r' }

/** A server that gives these answers one after the other, and what it was asked when. */
function answering(...answers: (() => Response | Promise<Response>)[]) {
  const asked: { at: number; url: string; fields: Record<string, string> }[] = []
  const world = testWorld({
    fetch: async (url, init) => {
      const fields = Object.fromEntries(new URLSearchParams(init?.body as string))
      asked.push({ at: world.clock.ms - 1_800_000_000_000, url: String(url), fields })
      const answer = answers.shift()
      if (answer === undefined) throw new Error('asked too often')
      return answer()
    },
  })
  return { world, asked }
}
const refused = (error: string) => () => json(400, { error })

describe('device authorisation (RFC 8628)', () => {
  test('asks as often as it was told, and five seconds more slowly after slow_down', async () => {
    const { world, asked } = answering(
      refused('authorization_pending'),
      refused('slow_down'),
      refused('authorization_pending'),
      () => json(200, TOKENS),
    )
    const tokens = await awaitDeviceLogin(world, SERVER, invitation)
    expect(tokens).toEqual({ accessToken: 'a', expiresInMs: 300_000, refreshToken: 'r' })
    expect(asked.map(({ at }) => at)).toEqual([2_000, 4_000, 11_000, 18_000])
    expect(asked[0]).toMatchObject({
      url: `${SERVER}/v1/auth/token`,
      fields: { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: 'secret' },
    })
  })

  test('a lost answer is no end (section 3.5)', async () => {
    const { world } = answering(
      () => Promise.reject(new TypeError('fetch failed')),
      () => json(200, TOKENS),
    )
    expect(await awaitDeviceLogin(world, SERVER, invitation)).toMatchObject({ accessToken: 'a' })
  })

  test.each([
    ['access_denied', 'The sign-in was refused in the browser'],
    ['expired_token', 'The code was not entered in time'],
    ['invalid_grant', 'The code was not entered in time'],
  ])('%s ends it', async (error, message) => {
    const { world } = answering(refused(error))
    await expect(awaitDeviceLogin(world, SERVER, invitation)).rejects.toMatchObject({ exit: 3, message })
  })

  test('it ends by itself when the code is past its time', async () => {
    const { world, asked } = answering(...Array.from({ length: 400 }, () => refused('authorization_pending')))
    await expect(awaitDeviceLogin(world, SERVER, invitation)).rejects.toMatchObject({ exit: 3 })
    expect(asked).toHaveLength(300)
  })

  test('Ctrl-C ends it', async () => {
    const { world } = answering(refused('authorization_pending'), () => {
      world.stop.abort(new Error('interrupted'))
      return json(400, { error: 'authorization_pending' })
    })
    await expect(awaitDeviceLogin(world, SERVER, invitation)).rejects.toThrow('interrupted')
  })

  test('the invitation is what the server says; only a web address is shown and opened', async () => {
    const reply = {
      device_code: 'd',
      user_code: 'BCDF-GHJK',
      verification_uri: `${SERVER}/device`,
      expires_in: 600,
      interval: 2,
    }
    const { world, asked } = answering(
      () => json(200, reply),
      () => json(200, { ...reply, verification_uri: 'file:///etc/passwd' }),
      () => new Response('<html>a router</html>'),
    )
    expect(await startDeviceLogin(world, SERVER, 'my laptop')).toEqual({ ...invitation, deviceCode: 'd' })
    expect(asked[0]?.fields).toEqual({ client_id: 'bitvault-cli', device_name: 'my laptop' })
    await expect(startDeviceLogin(world, SERVER, 'x')).rejects.toMatchObject({ code: 'internal' })
    await expect(startDeviceLogin(world, SERVER, 'x')).rejects.toThrow('not as a BitVault server does')
  })
})

describe('an API token', () => {
  test('is exchanged once for a while, and again before the end', async () => {
    const { world, asked } = answering(
      () => json(200, { ...TOKENS, access_token: 'one' }),
      () => json(200, { ...TOKENS, access_token: 'two' }),
    )
    const session = createMachineSession(world, SERVER, 'bvt_x')
    expect(await Promise.all([session.accessToken(), session.accessToken()])).toEqual(['one', 'one'])
    world.clock.ms += 239_000
    expect(await session.accessToken()).toBe('one')
    world.clock.ms += 2_000
    expect(await session.accessToken()).toBe('two')
    expect(asked).toHaveLength(2)
    expect(asked[0]?.fields).toMatchObject({
      grant_type: 'urn:bitvault:params:oauth:grant-type:api-token',
      api_token: 'bvt_x',
    })
  })

  test('that was revoked is session-revoked', async () => {
    const { world } = answering(refused('invalid_grant'))
    await expect(createMachineSession(world, SERVER, 'bvt_x').accessToken()).rejects.toMatchObject({
      code: 'session-revoked',
      next: 'Make another where you are signed in: bitvault token create',
    })
  })
})

describe('the browser', () => {
  test.each([
    ['linux', { DISPLAY: ':0' }, [['xdg-open', 'https://a/?b&c']]],
    ['linux', {}, []],
    ['linux', { DISPLAY: ':0', SSH_CONNECTION: '1' }, []],
    ['darwin', {}, [['open', 'https://a/?b&c']]],
    ['win32', {}, [['rundll32', 'url.dll,FileProtocolHandler', 'https://a/?b&c']]],
  ] as const)('%s %j', async (platform, env, launched) => {
    const world = testWorld({ platform, env })
    expect(await openBrowser(world, 'https://a/?b&c')).toBe(launched.length > 0)
    expect(world.launched).toEqual(launched)
  })
})

describe('the address of a server', () => {
  test.each([
    ['vault.example', 'https://vault.example'],
    ['https://vault.example/', 'https://vault.example'],
    ['https://vault.example/files/', 'https://vault.example/files'],
    ['localhost:8787', 'http://localhost:8787'],
    ['127.0.0.1:1', 'http://127.0.0.1:1'],
    ['localhost.example', 'https://localhost.example'],
    ['HTTP://Vault.Example:80', 'http://vault.example'],
  ])('%s is %s', (text, server) => expect(parseServer(text)).toBe(server))

  test.each([
    '',
    'ftp://vault.example',
    'https://',
    'a b',
    'https://user:pw@vault.example',
    'https://a/?x',
    'https://a/#x',
  ])('%j is none', (text) => expect(() => parseServer(text)).toThrow(expect.objectContaining({ exit: 2 })))
})
