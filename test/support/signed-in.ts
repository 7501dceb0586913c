import { randomBytes } from 'node:crypto'
import { createApi, type Api, type ApiOptions } from '../../client/api.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

/** The first account of a fresh stack, and an access token of a device of its. */
export type SignedIn = { url: string; accessToken: string }

const PERSON = {
  organisation: 'Acme',
  name: 'Ada Lovelace',
  email: 'ada@acme.example',
  password: 'correct horse battery staple',
}

export async function signIn(stack: { url: string; setupToken: string }): Promise<SignedIn> {
  await post(`${stack.url}/v1/setup`, { token: stack.setupToken, ...PERSON })
  const { email, password } = PERSON
  const tokens = (await post(`${stack.url}/v1/auth/sign-in`, { email, password, deviceName: 'test' })) as {
    access_token: string
  }
  return { url: stack.url, accessToken: tokens.access_token }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

/** The client library with the clock and dice of this machine. */
export const clientOf = (who: SignedIn, options: Partial<ApiOptions> = {}): Api =>
  createApi({
    baseUrl: who.url,
    accessToken: async () => who.accessToken,
    fetch,
    clock: Date.now,
    random: (length) => randomBytes(length),
    ...options,
  })

/** The personal space's root. */
export async function homeOf(api: Api): Promise<NodeStateWire> {
  return (await api.resolve('home')).deepest
}
