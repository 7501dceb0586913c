import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  hiddenFields,
  identityWorld,
  OWNER,
  PUBLIC_URL,
  type IdentityWorld,
} from '../../test/support/identity-world.ts'

let world: IdentityWorld
beforeAll(async () => {
  world = await identityWorld()
  await world.setUp()
})
afterAll(() => world.drop())
beforeEach(() => world.clock.advance(25 * 3_600_000))

const start = async (deviceName = 'Ada’s <laptop>', address = '198.51.100.7') =>
  (
    await world.send('/v1/auth/device', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-real-ip': address },
      body: new URLSearchParams({ client_id: 'cli', device_name: deviceName }).toString(),
    })
  ).json as { device_code: string; user_code: string; interval: number; verification_uri: string }

const poll = async (deviceCode: string) => {
  const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: deviceCode }
  return (await world.token(grant)).json
}

async function signedIn() {
  const browser = world.browser()
  const reply = await browser.fill('/login?next=/device', { email: OWNER.email, password: OWNER.password }, '/login')
  expect([reply.status, reply.headers.get('location')]).toEqual([303, '/device'])
  return browser
}
type Browser = Awaited<ReturnType<typeof signedIn>>

const decide = async (browser: Browser, code: string, decision: string) => {
  const consent = await browser.fill('/device', { code })
  return browser.submit('/device', { ...hiddenFields(consent.text), decision })
}

describe('T19 device authorisation (RFC 8628)', () => {
  test('pending, approved on a page that says who asks, tokens once', async () => {
    const device = await start()
    expect(device.verification_uri).toBe(`${PUBLIC_URL}/device`)
    expect(device.user_code).toMatch(/^[B-Z]{4}-[B-Z]{4}$/)
    expect((await poll(device.device_code)).error).toBe('authorization_pending')
    const browser = await signedIn()
    const consent = await browser.fill('/device', { code: device.user_code.toLowerCase().replace('-', ' ') })
    expect(consent.text).toContain('Ada’s &lt;laptop&gt;')
    expect(consent.text).toContain('198.51.100.7')
    expect(consent.text).toContain('Did you start this yourself')
    const done = await browser.submit('/device', { ...hiddenFields(consent.text), decision: 'approve' })
    expect(done.text).toContain('Device connected')
    world.clock.advance(2000)
    const tokens = await Promise.all([poll(device.device_code), poll(device.device_code)])
    expect(tokens.filter((t) => t.access_token).length).toBe(1)
    expect(tokens.filter((t) => t.error === 'invalid_grant').length).toBe(1)
    const token = tokens.find((t) => t.access_token)!
    const me = (await world.api('GET', '/v1/auth/whoami', undefined, token.access_token)).json
    expect(me.session).toMatchObject({ kind: 'device', deviceName: 'Ada’s <laptop>' })
    expect((await world.refresh(token.refresh_token)).status).toBe(200)
  })

  test('started in one place, approved in another: the page warns', async () => {
    const device = await start()
    const browser = await signedIn()
    const page = await browser.get('/device')
    const fields = { ...hiddenFields(page.text), code: device.user_code }
    const elsewhere = await browser.submit('/device', fields, { 'x-real-ip': '203.0.113.5' })
    expect(elsewhere.text).toContain('another place')
    const same = await browser.submit('/device', fields, { 'x-real-ip': '198.51.100.7' })
    expect(same.text).not.toContain('another place')
  })

  test('denied', async () => {
    const device = await start()
    expect((await decide(await signedIn(), device.user_code, 'deny')).text).toContain('was not let in')
    expect((await poll(device.device_code)).error).toBe('access_denied')
  })

  test('expired: for the device and for the person', async () => {
    const device = await start()
    world.clock.advance(600_000)
    expect((await poll(device.device_code)).error).toBe('expired_token')
    const late = await (await signedIn()).fill('/device', { code: device.user_code })
    expect([late.status, late.text.includes('aria-invalid="true"')]).toEqual([404, true])
  })

  test('polling too fast: slow_down, and the interval grows', async () => {
    const { device_code } = await start()
    expect((await poll(device_code)).error).toBe('authorization_pending')
    world.clock.advance(1000)
    expect((await poll(device_code)).error).toBe('slow_down')
    world.clock.advance(3000)
    expect((await poll(device_code)).error).toBe('slow_down')
    world.clock.advance(12_000)
    expect((await poll(device_code)).error).toBe('authorization_pending')
  })

  test('decided once: a second decision is refused', async () => {
    const device = await start()
    const browser = await signedIn()
    await decide(browser, device.user_code, 'deny')
    expect((await browser.fill('/device', { code: device.user_code, decision: 'approve' })).status).toBe(404)
    expect((await poll(device.device_code)).error).toBe('access_denied')
  })

  test('guessed user codes are slowed; a right code cannot be entered meanwhile', async () => {
    const device = await start()
    const browser = await signedIn()
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await browser.fill('/device', { code: 'BBBB-BBBB' })).status)
    statuses.push((await browser.fill('/device', { code: device.user_code })).status)
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429])
  })

  test('a device cannot let another one in: only a signed-in browser reaches the page', async () => {
    const { access_token } = (await world.signIn()).json
    const reply = await world.send('/device', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${access_token}`,
        origin: PUBLIC_URL,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'code=BBBBBBBB&decision=approve',
    })
    expect([reply.status, reply.headers.get('location')]).toEqual([303, '/login?next=/device'])
  })

  test('a member who was removed between approval and poll gets nothing', async () => {
    const device = await start()
    await decide(await signedIn(), device.user_code, 'approve')
    await world.owner`update memberships set removed_at = now()`
    expect((await poll(device.device_code)).error).toBe('access_denied')
    await world.owner`update memberships set removed_at = null`
  })
})

describe('T20 pages', () => {
  test('nothing loads, runs or frames; cookies are host-bound', async () => {
    const page = await world.send('/login')
    const csp = page.headers.get('content-security-policy')!
    expect(csp).toContain("default-src 'none'")
    expect(csp).toContain("frame-ancestors 'none'")
    expect(csp).not.toContain('unsafe')
    expect(page.text).not.toContain('<script')
    expect(page.headers.get('cache-control')).toBe('no-store')
    const [cookie] = page.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-bitvault-form=[0-9a-z]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
  })

  test.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['a look-alike', { origin: `${PUBLIC_URL}.evil.example` }],
    ['plain http', { origin: 'http://vault.example' }],
    ['a null origin', { origin: 'null' }],
    ['another site by its own word', { origin: PUBLIC_URL, 'sec-fetch-site': 'cross-site' }],
  ])('a form from %s is refused', async (_, headers) => {
    const browser = await signedIn()
    const { text } = await browser.get('/login')
    expect((await browser.submit('/logout', hiddenFields(text), headers)).status).toBe(403)
    expect((await browser.get('/device')).status).toBe(200)
  })

  test('a form without its token, or with one from before signing in, is refused', async () => {
    const browser = await signedIn()
    expect((await browser.submit('/logout', {})).status).toBe(403)
    const stranger = world.browser()
    const theirs = hiddenFields((await stranger.get('/login')).text)
    expect((await browser.submit('/logout', theirs)).status).toBe(403)
    expect((await browser.fill('/login', {}, '/logout')).status).toBe(303)
    expect((await browser.get('/device')).status).toBe(303)
  })

  test('next leads nowhere else; what was typed comes back escaped, the password never', async () => {
    const browser = world.browser()
    const page = await browser.get('/login?next=https://evil.example')
    expect(page.text).not.toContain('evil')
    const fields = { email: '"><b>x</b>@example.com', password: 'a secret that stays' }
    const wrong = await browser.fill('/login', fields)
    expect(wrong.text).not.toContain('<b>')
    expect(wrong.text).not.toContain('a secret that stays')
    expect([wrong.status, wrong.text.includes('role="alert"')]).toEqual([401, true])
  })

  test('an unknown page is a page, an unknown API address a problem', async () => {
    expect((await world.send('/device/x')).headers.get('content-type')).toContain('text/html')
    expect((await world.send('/v1/auth/x')).json.code).toBe('not-found')
  })
})
