import { randomBytes } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { createApi, type Api } from '../../client/api.ts'
import { createSession, type Credential } from '../../client/credentials.ts'
import { startStack } from '../../embedded/stack.ts'
import type { BenchContext } from './bench.ts'

/** A fresh product of its own: plain workerd, embedded PostgreSQL, local bucket; its first account is signed in. */
export type BenchServer = {
  url: string
  /** Of the first account; its access token is refreshed as it goes. */
  api: Api
  accessToken: () => Promise<string>
  /** For `BITVAULT_TOKEN` of a command-line process. */
  apiToken: string
  ownerUrl: string
}

const PERSON = {
  organisation: 'Bench',
  name: 'Ada Bench',
  email: 'ada@bench.example',
  password: 'correct horse battery staple',
}

/** Stopped after the benchmark. */
export async function startBenchServer(context: BenchContext): Promise<BenchServer> {
  const dir = await context.freshFolder()
  await chmod(dir, 0o711) // an unprivileged PostgreSQL must get through
  const stack = await startStack({ dir, quiet: true })
  context.afterwards(() => stack.stop())
  const { url, setupToken, ownerUrl } = stack
  await post(`${url}/v1/setup`, { token: setupToken, ...PERSON })
  const { email, password } = PERSON
  const tokens = await post(`${url}/v1/auth/sign-in`, { email, password, deviceName: 'bench' })
  const session = sessionOf(url, tokens)
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const { token } = await post(`${url}/v1/tokens`, { name: 'bench' }, headers)
  const api = createApi({ baseUrl: url, ...session, fetch, clock: Date.now, random: (length) => randomBytes(length) })
  return { url, api, accessToken: session.accessToken, apiToken: token ?? '', ownerUrl }
}

type Reply = Record<string, string> & { access_token: string; refresh_token: string }

function sessionOf(server: string, tokens: Reply) {
  let credential: Credential | null = {
    kind: 'session',
    server,
    accessToken: tokens.access_token,
    accessExpiresAt: Date.now() + Number(tokens['expires_in']) * 1000,
    refreshToken: tokens.refresh_token,
    clientId: 'bitvault-cli',
  }
  const store = {
    read: async () => credential,
    list: async () => [],
    update: async (_profile: string, change: (present: Credential | null) => Promise<Credential | null>) =>
      (credential = await change(credential)),
    setDefault: async () => {},
    defaultProfile: async () => 'bench',
  }
  return createSession({ store, profile: 'bench', fetch, clock: Date.now })
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}: ${await response.text()}`)
  return response.json() as Promise<Reply>
}
