import { randomBytes, randomUUID } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCollector, type Collector } from '../../embedded/collector.ts'
import type { Stack } from '../../embedded/stack.ts'
import { ROUTES } from '../../protocol/routes.ts'
import {
  chunkedFile,
  inlineFile,
  put,
  send,
  sha256,
  signIn,
  someBytes,
  type Account,
  type Answer,
} from '../support/account.ts'
import { openHoldings } from '../support/holdings.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { makeThings, ROWS, type MemberRoute, type Things } from './idor-rows.ts'

/** Unique words in every place where a client can put some; none of them may come out where operators look (T23; HR-19). */
const canary = (what: string): string => `canary-${what}-${randomBytes(6).toString('hex')}`
const WORDS = {
  organisation: canary('organisation'),
  person: canary('person'),
  email: `${canary('email')}@example.com`,
  password: canary('password with spaces'),
  wrongPassword: canary('wrong password'),
  device: canary('device'),
  folder: canary('folder'),
  file: canary('file'),
  content: canary('content'),
  query: canary('query'),
  key: canary('idempotency'),
  path: canary('path'),
  garbled: canary('token'),
  tracestate: canary('tracestate').replaceAll('-', ''),
}
const ROUTE_NAMES = Object.keys(ROWS) as MemberRoute[]
/** They take away what others need, or do not end. */
const LATER: ReadonlySet<MemberRoute> = new Set(['abortUpload', 'revokeDevice', 'live'])

let dir: string
let collector: Collector
let store: Server
let stack: Stack
let owner: Account
let things: Things
const lines: string[] = []
/** Everything that was issued: tokens of every kind. */
const issued: string[] = []
const refusals: Answer[] = []

beforeAll(async () => {
  dir = await temporaryFolder()
  collector = await startCollector({ maxTraces: 5_000 })
  const env = { LOG_LEVEL: 'debug', TRACE_QUERY_ENDPOINT: collector.endpoint }
  const onWorkerLog = ({ text }: { text: string }) => void lines.push(text)
  stack = await testStack({ dir, otlpEndpoint: collector.endpoint, env, onWorkerLog })
  const { organisation, person: name, email, password } = WORDS
  const setup = { token: stack.setupToken, organisation, name, email, password }
  expect((await send(stack.url, 'POST', '/v1/setup', setup)).status).toBe(201)
  owner = await signIn(stack.url, email, password, WORDS.device)
  things = await makeThings(owner)
})
afterAll(async () => {
  await stack?.stop()
  await collector?.stop()
  store?.closeAllConnections()
  store?.close()
  await rm(dir, { recursive: true, force: true })
})

const traceparent = () => `00-${randomUUID().replaceAll('-', '')}-${randomBytes(8).toString('hex')}-01`

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const traced = { traceparent: traceparent(), tracestate: `v=${WORDS.tracestate}`, baggage: `v=${WORDS.tracestate}` }
  const answer = await owner.call(method, path, body, { ...traced, ...headers })
  if (answer.status >= 400) refusals.push(answer)
  return answer
}

/** The main path with a canary in each name, and what comes back of tokens kept. */
async function succeed(): Promise<void> {
  const parent = (await call('POST', '/v1/folders', { parent: owner.home.rootId, name: WORDS.folder })).body.node.id
  const inline = await call('POST', '/v1/files', inlineFile(parent, WORDS.file, WORDS.content))
  const { node } = inline.body.files[0].result
  expect(node.name).toBe(WORDS.file)
  expect((await call('GET', `/v1/files/${node.id}/content`)).body).toBe(WORDS.content)
  const bytes = Buffer.from(WORDS.content.repeat(500))
  const begun = await call('POST', '/v1/files', chunkedFile(parent, `${WORDS.file}.bin`, bytes))
  for (const { request } of begun.body.requests) await put(request, bytes)
  const commit = await call('POST', `/v1/files/${begun.body.uploadId}/commit`, {})
  await call('GET', `/v1/files/${commit.body.results[0].node.id}/content`)
  await call('GET', `/v1/resolve?path=home/${WORDS.folder}/${WORDS.file}`)
  await call('GET', `/v1/folders/${parent}/children?after=${WORDS.query}`)
  await call('PATCH', `/v1/nodes/${node.id}`, { properties: { [WORDS.query]: WORDS.content } })
  await call('PATCH', `/v1/files/${node.id}/versions/1`, { label: WORDS.person })
  await call('POST', '/v1/symlinks', { parent, name: `${WORDS.file}.link`, target: WORDS.path })
  await call('POST', `/v1/nodes/${node.id}/move`, { name: `${WORDS.file}.moved` })
  const pushed = { id: randomUUID(), kind: 'create-folder', parent, name: `${WORDS.folder}/pushed` }
  await call('POST', '/v1/sync/push', { mutations: [pushed, { ...pushed, name: `${WORDS.folder}.pushed` }] })
  const device = await send(stack.url, 'POST', '/v1/auth/device', { device_name: WORDS.device })
  issued.push(device.body.device_code, device.body.user_code)
  const made = await call('POST', '/v1/tokens', { name: WORDS.device, expiresInDays: 1 })
  issued.push(made.body.token)
  const { email, password } = WORDS
  const tokens = await send(stack.url, 'POST', '/v1/auth/sign-in', { email, password, deviceName: WORDS.device })
  issued.push(tokens.body.access_token, tokens.body.refresh_token)
  const member = { email: `${canary('invited')}@example.com`, displayName: WORDS.person }
  const invited = await call('POST', '/v1/members', member)
  issued.push(member.email, new URL(invited.body.passwordLink, stack.url).searchParams.get('token')!)
  for (const name of ROUTE_NAMES.filter((route) => !LATER.has(route))) await askRow(name)
}

const askRow = (name: MemberRoute): Promise<Answer> =>
  call(ROUTES[name].method.toUpperCase(), ROWS[name].path(things), ROWS[name].body?.(things), ROWS[name].headers)

/** Refusals of every kind, each with a canary in what is refused. */
async function beRefused(): Promise<void> {
  const { parent } = things
  await call('POST', '/v1/folders', { parent, name: `${WORDS.folder}/x` })
  await call('POST', '/v1/folders', `{"parent": "${parent}", "name": "${WORDS.folder}`, {
    'content-type': 'application/json',
  })
  await call('POST', '/v1/folders', { parent: WORDS.folder, name: WORDS.folder })
  await call('POST', '/v1/folders', { parent, name: WORDS.folder }, { 'idempotency-key': `${WORDS.key} ${WORDS.key}` })
  await call('POST', '/v1/files', inlineFile(parent, WORDS.file, WORDS.content, { sha256: sha256('other') }))
  await call('POST', '/v1/files', inlineFile(randomUUID(), WORDS.file, WORDS.content))
  await call('GET', `/v1/${WORDS.path}?secret=${WORDS.query}`)
  await call('GET', `/v1/files/${WORDS.path}`)
  await call('GET', `/v1/sync/changes?cursor=${WORDS.query}`)
  await call('GET', `/v1/resolve?path=${WORDS.path}/x`)
  await call('GET', '/v1/spaces', undefined, { authorization: `Bearer ${WORDS.garbled}` })
  await call('GET', '/v1/spaces', undefined, { authorization: `Bearer bvt_${WORDS.garbled}` })
  const { email, wrongPassword: password, device: deviceName } = WORDS
  refusals.push(
    await send(stack.url, 'POST', '/v1/auth/sign-in', { email, password, deviceName }),
    await send(stack.url, 'POST', '/v1/auth/token', { grant_type: 'refresh_token', refresh_token: WORDS.garbled }),
    await send(stack.url, 'POST', '/v1/setup', { token: WORDS.garbled, organisation: 'x', name: 'x', email, password }),
    await send(stack.url, 'GET', `/password?token=${WORDS.garbled}`),
  )
}

/** The database fails in the middle of every route. */
async function failEverywhere(): Promise<void> {
  const holdings = await openHoldings(stack)
  const rename = (from: string, to: string) => holdings.db.unsafe(`alter table ${from} rename to ${to}`)
  const tables = ['nodes', 'uploads', 'journal', 'space_members', 'spaces', 'conflicts', 'devices'] as const
  for (const table of tables) await rename(table, `${table}_away`)
  try {
    for (const name of ROUTE_NAMES) await askRow(name)
    await call('POST', '/v1/files', inlineFile(things.parent, WORDS.file, WORDS.content))
    await call('GET', `/v1/resolve?path=home/${WORDS.folder}`)
  } finally {
    for (const table of tables) await rename(`${table}_away`, table)
    await holdings.close()
  }
}

/** What an operator, a collector or a thief of the disk gets to see. */
async function everythingSeen(): Promise<Record<string, string>> {
  const metrics = await send(stack.url, 'GET', '/metrics')
  return {
    logs: lines.join('\n'),
    metrics: metrics.body,
    traces: JSON.stringify([...collector.traces().values()]),
    refusals: refusals.map(({ headers, body }) => JSON.stringify([[...headers], body])).join('\n'),
    objects: await contentsOf(join(dir, 'objects')),
  }
}

async function contentsOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n')
}

async function ownSecrets(): Promise<string[]> {
  const { signingKeys, ...texts } = JSON.parse(await readFile(join(dir, 'secrets.json'), 'utf8'))
  return [...Object.values<string>(texts), ...signingKeys.map((key: { d: string }) => key.d)]
}

describe('T23 HR-19 nothing private reaches logs, metrics, traces, problems or the objects’ storage', () => {
  test('whatever succeeds, is refused or fails', async () => {
    await succeed()
    await beRefused()
    await failEverywhere()
    const failed = refusals.filter(({ status }) => status >= 500)
    expect(failed.length).toBeGreaterThanOrEqual(ROUTE_NAMES.length - 2)
    for (const { body } of failed)
      expect(Object.keys(body).toSorted()).toEqual(['code', 'retryable', 'status', 'title', 'type'])
    await expect.poll(() => collector.traces().size, { timeout: 20_000 }).toBeGreaterThan(40)
    const seen = await everythingSeen()
    // The nets are out: each of them has caught what it may.
    expect(seen['logs']).toMatch(/"component":"gateway".*"code":"internal"/)
    expect(seen['metrics']).toContain('bitvault_http_requests_total')
    expect(seen['traces']).toContain('/v1/files/{id}')
    expect(seen['objects']).toContain('SQLite format 3')
    const words = [...Object.values(WORDS), ...issued, ...(await ownSecrets()), owner.token]
    expect(words.every((word) => word.length >= 8)).toBe(true)
    for (const [where, text] of Object.entries(seen)) {
      expect(
        words.filter((word) => text.includes(word)),
        where,
      ).toEqual([])
      expect(text, where).not.toMatch(/X-Amz-Signature|Signature=|Bearer ey|canary/i)
    }
  })

  test('nor when the object store answers with what it was sent', async () => {
    store = createServer((request, response) => {
      response.statusCode = 403
      const echo = `${request.method} ${request.url} ${JSON.stringify(request.headers)}`
      response.end(`<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>${echo}</CanonicalRequest></Error>`)
    })
    await new Promise<void>((resolve) => store.listen(0, '127.0.0.1', resolve))
    const said: string[] = []
    const s3 = { ...stack.s3, endpoint: `http://127.0.0.1:${(store.address() as AddressInfo).port}` }
    const other = await testStack({
      s3,
      otlpEndpoint: collector.endpoint,
      onWorkerLog: ({ text }) => void said.push(text),
    })
    const setup = { token: other.setupToken, organisation: WORDS.organisation, name: WORDS.person }
    await send(other.url, 'POST', '/v1/setup', { ...setup, email: WORDS.email, password: WORDS.password })
    const who = await signIn(other.url, WORDS.email, WORDS.password)
    const begun = await who.call('POST', '/v1/files', chunkedFile(who.home.rootId, WORDS.file, someBytes(9_000)))
    const commit = await who.call('POST', `/v1/files/${begun.body.uploadId}/commit`, {}, { traceparent: traceparent() })
    const ready = await send(other.url, 'GET', '/readyz')
    expect([commit.status, ready.status]).toEqual([500, 500])
    await expect.poll(() => said.join('\n'), { timeout: 20_000 }).toContain('request.failed')
    const text = [...said, JSON.stringify([commit.body, ready.body, ...collector.traces().values()])].join('\n')
    expect(text).not.toMatch(/Signature=|AWS4|canary|x-amz-|SignatureDoesNotMatch/i)
    expect(text).not.toContain(s3.accessKeyId)
  })
})
