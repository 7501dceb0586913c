import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Stack } from '../../embedded/stack.ts'

/** A signed-in person of a stack, with the plainest client there can be: what a test says goes out as it is. */
export type Account = {
  /** Of the stack. */
  url: string
  email: string
  password: string
  token: string
  userId: string
  tenantId: string
  home: { id: string; rootId: string }
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

// eslint-disable-next-line typescript/no-explicit-any -- a test looks into whatever came back
export type Answer = { status: number; headers: Headers; body: any }

const PASSWORD = 'correct horse battery staple'

/** The first person: sets the stack up and signs in. */
export async function firstAccount(stack: Pick<Stack, 'url' | 'setupToken'>): Promise<Account> {
  const email = 'owner@example.com'
  const setup = { token: stack.setupToken, organisation: 'Example', name: 'Olive Owner', email, password: PASSWORD }
  const answer = await send(stack.url, 'POST', '/v1/setup', setup)
  if (answer.status >= 300) throw new Error(`set-up failed: ${answer.status} ${JSON.stringify(answer.body)}`)
  return signIn(stack.url, email, PASSWORD)
}

/** One more member of the same tenant. */
export async function addAccount(stack: Pick<Stack, 'url'>, owner: Account, email: string): Promise<Account> {
  const answer = await owner.call('POST', '/v1/members', { email, displayName: email, password: PASSWORD })
  if (answer.status >= 300) throw new Error(`adding a member failed: ${answer.status} ${JSON.stringify(answer.body)}`)
  return signIn(stack.url, email, PASSWORD)
}

export async function signIn(
  url: string,
  email: string,
  password: string,
  deviceName = 'test device',
): Promise<Account> {
  const signedIn = await send(url, 'POST', '/v1/auth/sign-in', { email, password, deviceName })
  if (signedIn.status >= 300) throw new Error(`sign-in failed: ${signedIn.status} ${JSON.stringify(signedIn.body)}`)
  const token: string = signedIn.body.access_token
  const call: Account['call'] = (method, path, body, headers) =>
    send(url, method, path, body, { authorization: `Bearer ${token}`, ...headers })
  const { body: claims } = { body: JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) }
  const spaces = await call('GET', '/v1/spaces')
  if (spaces.status !== 200) throw new Error(`no spaces: ${spaces.status} ${JSON.stringify(spaces.body)}`)
  const home = spaces.body.spaces.find((space: { name: string }) => space.name === 'home')
  return { url, email, password, token, userId: claims.sub, tenantId: claims.tid, home, call }
}

export async function send(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(url + path, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isRaw ? (body as BodyInit) : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = (response.headers.get('content-type') ?? '').includes('json')
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? JSON.parse(text) : text }
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

export const inlineFile = (parent: string, name: string, text: string, more: Record<string, unknown> = {}) => ({
  mutationId: randomUUID(),
  target: { parent, name },
  size: Buffer.byteLength(text),
  sha256: sha256(text),
  content: { inline: Buffer.from(text).toString('base64') },
  ...more,
})

export const chunkedFile = (parent: string, name: string, bytes: Uint8Array, more: Record<string, unknown> = {}) => ({
  mutationId: randomUUID(),
  target: { parent, name },
  size: bytes.byteLength,
  sha256: sha256(bytes),
  content: { chunks: [{ sha256: sha256(bytes), size: bytes.byteLength, plain: bytes.byteLength }] },
  ...more,
})

export const someBytes = (length: number): Uint8Array => randomBytes(length)

/** Sends a signed request as it stands. */
export const put = (
  request: { method: string; url: string; headers: Record<string, string> },
  bytes: Uint8Array,
): Promise<Response> => {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase())),
  )
  return fetch(request.url, { method: request.method, headers, body: bytes as BodyInit })
}
