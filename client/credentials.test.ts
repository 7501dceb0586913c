import { describe, expect, test } from 'vitest'
import { createSession, type Credential, type CredentialStore } from './credentials.ts'

const PROFILE = 'https://files.example'

function world(credential: Credential | null, answers: (() => Response)[]) {
  const asked: string[] = []
  let present = credential
  const store: CredentialStore = {
    read: async () => present,
    list: async () => [],
    update: async (_profile, change) => (present = await change(present)),
    setDefault: async () => {},
    defaultProfile: async () => PROFILE,
  }
  const session = createSession({
    store,
    profile: PROFILE,
    clock: () => 1_000_000,
    sleep: async () => {},
    fetch: async (input, init = {}) => {
      asked.push(`${String(input)} ${String(init.body)}`)
      const answer = answers.shift()
      if (answer === undefined) throw new TypeError('fetch failed')
      return answer()
    },
  })
  return { session, asked, stored: () => present, replace: (next: Credential) => (present = next) }
}

const sessionOf = (accessExpiresAt: number): Credential & { kind: 'session' } => ({
  kind: 'session',
  server: PROFILE,
  accessToken: 'access-1',
  accessExpiresAt,
  refreshToken: 'refresh-1',
  clientId: 'bitvault-cli',
})
const fresh = (n: number) => () =>
  Response.json({ access_token: `access-${n}`, token_type: 'Bearer', expires_in: 600, refresh_token: `refresh-${n}` })
const refused =
  (error: string, status = 400) =>
  () =>
    Response.json({ error }, { status })

describe('TF-11 the session', () => {
  test('a token is used until a minute before its end', async () => {
    const good = world(sessionOf(1_060_001), [])
    expect(await good.session.accessToken()).toBe('access-1')
    const late = world(sessionOf(1_060_000), [fresh(2)])
    expect(await late.session.accessToken()).toBe('access-2')
    expect(late.asked).toEqual([
      'https://files.example/v1/auth/token grant_type=refresh_token&refresh_token=refresh-1&client_id=bitvault-cli',
    ])
    expect(late.stored()).toMatchObject({ refreshToken: 'refresh-2', accessExpiresAt: 1_600_000 })
  })

  test('many that ask at once cause one refresh', async () => {
    const { session, asked } = world(sessionOf(0), [fresh(2)])
    const tokens = await Promise.all(Array.from({ length: 50 }, () => session.accessToken()))
    expect(new Set(tokens)).toEqual(new Set(['access-2']))
    expect(asked.length).toBe(1)
  })

  test('a lost answer is asked for again with the same refresh token', async () => {
    const lost = () => {
      throw new TypeError('fetch failed')
    }
    const { session, asked } = world(sessionOf(0), [lost, refused('', 503), fresh(2)])
    expect(await session.accessToken()).toBe('access-2')
    expect(asked.every((text) => text.includes('refresh_token=refresh-1&'))).toBe(true)
    expect(asked.length).toBe(3)
  })

  test('what another process got meanwhile is taken over', async () => {
    const { session, asked, replace } = world(sessionOf(1_060_001), [])
    expect(await session.accessToken()).toBe('access-1')
    replace({ ...sessionOf(2_000_000), accessToken: 'access-9', refreshToken: 'refresh-9' })
    await session.onUnauthorized()
    expect(await session.accessToken()).toBe('access-9')
    expect(asked).toEqual([])
  })

  test('invalid_grant ends the session and forgets it', async () => {
    const { session, stored } = world(sessionOf(0), [refused('invalid_grant')])
    await expect(session.accessToken()).rejects.toMatchObject({ code: 'session-revoked' })
    expect(stored()).toBeNull()
  })

  test("a proxy's refusal does not forget it", async () => {
    const { session, stored } = world(sessionOf(0), [() => new Response('<html>', { status: 403 })])
    await expect(session.accessToken()).rejects.toMatchObject({ code: 'internal' })
    expect(stored()).toMatchObject({ refreshToken: 'refresh-1' })
  })

  test('nobody signed in; an API token is used as it is', async () => {
    await expect(world(null, []).session.accessToken()).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(await world({ kind: 'token', server: PROFILE, token: 'machine' }, []).session.accessToken()).toBe('machine')
  })
})
