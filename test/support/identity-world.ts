import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { identityApp } from '../../workers/identity/app.ts'
import { readKeyRing } from '../../workers/identity/keys.ts'
import type { IdentityScope } from '../../workers/identity/scope.ts'
import { testDatabase } from './test-database.ts'

export const PUBLIC_URL = 'https://vault.example'
export const SETUP_TOKEN = 'the-setup-token-of-this-test'
export const OWNER = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' }

export function privateJwk(kid: string): Record<string, unknown> {
  return { ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }), kid }
}

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
type Reply = { status: number; headers: Headers; text: string; json: any }

/** Identity on a real Postgres, with a clock that is moved by hand. */
export async function identityWorld(overrides: Partial<IdentityScope> = {}) {
  const database = await testDatabase(8)
  const clock = { now: Date.UTC(2026, 10, 20, 12), advance: (ms: number) => void (clock.now += ms) }
  const lines: string[] = []
  const log = (level: string) => (event: string, fields: unknown) =>
    void lines.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`)
  const ended: string[] = []
  const scope: IdentityScope = {
    db: database.system,
    keys: await readKeyRing(JSON.stringify([privateJwk('one'), privateJwk('two')])),
    publicUrl: PUBLIC_URL,
    setupToken: SETUP_TOKEN,
    clientAddressHeader: 'x-real-ip',
    now: () => clock.now,
    random: (length) => new Uint8Array(randomBytes(length)),
    log: {
      info: log('info'),
      warn: log('warn'),
      error: (event, code, cause) => void lines.push(`error ${event} ${code} ${String(cause)}`),
    },
    tellEnded: (_tenant, sessions) => void ended.push(...sessions),
    ...overrides,
  }
  const send = async (path: string, init: RequestInit = {}): Promise<Reply> => {
    const response = await identityApp.fetch(
      new Request(scope.publicUrl + path, { redirect: 'manual', ...init }),
      scope,
    )
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null }
  }
  const api = (method: string, path: string, body?: unknown, bearer?: string, headers: Record<string, string> = {}) =>
    send(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const token = (grant: Record<string, string>) =>
    send('/v1/auth/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(grant).toString(),
    })
  return {
    ...database,
    clock,
    lines,
    /** Sessions whose end was told, in order. */
    ended,
    scope,
    send,
    api,
    token,
    refresh: (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    setUp: (over: object = {}) =>
      api('POST', '/v1/setup', { token: SETUP_TOKEN, organisation: 'Lovelace', ...OWNER, ...over }),
    signIn: (email = OWNER.email, password = OWNER.password, headers: Record<string, string> = {}) =>
      api('POST', '/v1/auth/sign-in', { email, password, deviceName: 'laptop' }, undefined, headers),
    browser: () => browser(send),
  }
}

export type IdentityWorld = Awaited<ReturnType<typeof identityWorld>>

/** Keeps cookies and form tokens as a browser does. */
function browser(send: (path: string, init?: RequestInit) => Promise<Reply>) {
  const cookies = new Map<string, string>()
  const go = async (path: string, init: RequestInit = {}): Promise<Reply> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie === '' ? {} : { cookie }), ...(init.headers as Record<string, string>) }
    const reply = await send(path, { ...init, headers })
    for (const line of reply.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0]!.split('=') as [string, string]
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return reply
  }
  const submit = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    go(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: PUBLIC_URL, ...headers },
      body: new URLSearchParams(fields).toString(),
    })
  return {
    cookies,
    get: (path: string) => go(path),
    submit,
    /** Opens a page and sends its form with the hidden fields that it has. */
    async fill(path: string, fields: Record<string, string>, action = path) {
      const page = await go(path)
      return submit(action, { ...hiddenFields(page.text), ...fields })
    },
  }
}

export const hiddenFields = (html: string): Record<string, string> =>
  Object.fromEntries(
    [...html.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      value!,
    ]),
  )
