import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCollector, type Collector } from '../../embedded/collector.ts'
import type { Stack } from '../../embedded/stack.ts'
import { ATTRIBUTE_KEYS } from '../../telemetry/attributes.ts'
import type { CollectedSpan } from '../../telemetry/span.ts'
import { firstAccount, type Account } from '../support/account.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openCli, type Cli } from './cli-support.ts'

/** One `put` is one trace, from the command line to the consumer of the queue (docs/spec/http-rules.md, HR-20). */
let folder: string
let collector: Collector
let stack: Stack
let owner: Account
let cli: Cli
let env: Record<string, string>

beforeAll(async () => {
  folder = await temporaryFolder()
  collector = await startCollector()
  stack = await testStack({ otlpEndpoint: collector.endpoint, env: { TRACE_QUERY_ENDPOINT: collector.endpoint } })
  owner = await firstAccount(stack)
  const token = await owner.call('POST', '/v1/tokens', { name: 'trace', expiresInDays: 1 })
  expect(token.status).toBe(201)
  cli = await openCli(folder, stack.url)
  env = { BITVAULT_TOKEN: token.body.token, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }
})
afterAll(async () => {
  await stack?.stop()
  await collector?.stop()
  await rm(folder, { recursive: true, force: true })
})

const componentsOf = (spans: readonly CollectedSpan[]) => new Set(spans.map(({ component }) => component))

/** Every parent is there and there is one root: a tree, since a span has one parent and the ids differ. */
const isTree = (spans: readonly CollectedSpan[]): boolean => {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === null)
  return roots.length === 1 && spans.every(({ parentSpanId }) => parentSpanId === null || ids.has(parentSpanId))
}

/** Waits for the trace of a command to be whole, as far as these components. */
async function traceOf(args: string[], wanted: string[]): Promise<readonly CollectedSpan[]> {
  const before = new Set(collector.traces().keys())
  const run = await cli(args, { env })
  expect(run, run.err).toMatchObject({ exit: 0 })
  const isNew = (spans: readonly CollectedSpan[]) => spans.every(({ traceId }) => !before.has(traceId))
  const isWhole = (spans: readonly CollectedSpan[]) =>
    isNew(spans) && isTree(spans) && wanted.every((component) => componentsOf(spans).has(component))
  return collector.waitForTrace('any', isWhole, 15_000).catch((error: Error) => {
    const seen = [...collector.traces()]
      .filter(([id]) => !before.has(id))
      .map(([id, spans]) => `${id}\n${render(spans)}`)
    throw new Error(`${error.message}\n${seen.join('\n')}`)
  })
}

const render = (spans: readonly CollectedSpan[]) =>
  spans
    .map((s) => `  ${s.component} ${s.name} ${s.spanId} ← ${s.parentSpanId} ${JSON.stringify(s.attributes)}`)
    .join('\n')

/** What no span may carry (TR-5): names, hashes, keys, tokens, addresses. */
function expectNothingPrivate(spans: readonly CollectedSpan[], names: readonly string[]): void {
  const text = JSON.stringify(spans)
  for (const name of [...names, env['BITVAULT_TOKEN']!, owner.email, owner.tenantId, owner.userId])
    expect(text).not.toContain(name)
  expect(text).not.toMatch(/X-Amz-|Bearer|https?:|[0-9a-f]{64}/i)
  const keys = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)))
  expect([...keys].filter((key) => !(ATTRIBUTE_KEYS as string[]).includes(key))).toEqual([])
  expect(spans.flatMap(({ attributes }) => Object.values(attributes))).not.toContain('[refused]')
}

describe('HR-20 TR-2 one put is one trace', () => {
  const ALL = ['cli', 'gateway', 'journal', 'postgres', 'object-store', 'consumer']

  test('a file with a chunk: one tree over six components, the queue’s consumer among them', async () => {
    await writeFile(join(cli.cwd, 'chunked secret.bin'), randomBytes(300_000))
    const spans = await traceOf(['put', 'chunked secret.bin', 'home/'], ALL)
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
    expect(spans.find(({ parentSpanId }) => parentSpanId === null)).toMatchObject({
      component: 'cli',
      name: 'bitvault put',
    })
    expect(spans.filter(({ status }) => status.code === 'error')).toEqual([])
    expect(lineageOf(spans, 'consumer')).toEqual(['consumer', 'gateway', 'cli', 'cli'])
    expect(lineageOf(spans, 'postgres')).toEqual(['postgres', 'journal', 'gateway', 'cli', 'cli'])
    const statuses = spans.filter(({ kind }) => kind === 'server').map((s) => s.attributes['http.response.status_code'])
    expect(statuses).toEqual(statuses.map(() => expect.any(Number)))
    expectNothingPrivate(spans, ['chunked secret', '.bin'])
  })

  test('a tree of small files and folders is one trace as well', async () => {
    await mkdir(join(cli.cwd, 'secret tree', 'inner'), { recursive: true })
    await writeFile(join(cli.cwd, 'secret tree', 'inline.txt'), 'inline')
    for (let i = 0; i < 5; i++) await writeFile(join(cli.cwd, 'secret tree', 'inner', `${i}.bin`), randomBytes(9_000))
    const spans = await traceOf(['put', 'secret tree', 'home/'], ALL)
    expectNothingPrivate(spans, ['secret tree', 'inner', 'inline.txt'])
  })

  test('put --trace prints the tree, and what every component did', async () => {
    await writeFile(join(cli.cwd, 'shown.bin'), randomBytes(100_000))
    const run = await cli(['put', '--trace', 'shown.bin', 'home/'], { env })
    expect(run, run.err).toMatchObject({ exit: 0 })
    const lines = run.out.split('\n')
    const line = (pattern: RegExp) => lines.findIndex((text) => pattern.test(text))
    expect(line(/^bitvault put +cli /)).toBeGreaterThanOrEqual(0)
    for (const component of ALL) expect(line(new RegExp(`^[ │├└─]*\\S.* ${component} `)), run.out).not.toBe(-1)
    expect(line(/└─ postgres\.commit +postgres/)).toBe(line(/─ journal\.commit +journal/) + 1)
    expect(run.out).toMatch(/\d+ spans, [67] components/)
    expect(run.out).not.toContain('(parent not received)')
  })

  /** The components from the first span of one up to the root. */
  function lineageOf(spans: readonly CollectedSpan[], component: string): string[] {
    const byId = new Map(spans.map((span) => [span.spanId, span]))
    const line: string[] = []
    for (let at = spans.find((s) => s.component === component); at; at = byId.get(at.parentSpanId ?? ''))
      line.push(at.component)
    return line
  }
})

test('TR-3 a request that brings no trace, or says that it is not sampled, leaves none', async () => {
  const before = [...collector.traces().keys()]
  const id = randomBytes(16).toString('hex')
  await owner.call('GET', '/v1/spaces')
  await owner.call('GET', '/v1/spaces', undefined, { traceparent: `00-${id}-${'1'.repeat(16)}-00` })
  const marker = randomBytes(16).toString('hex')
  await owner.call('GET', '/v1/spaces', undefined, { traceparent: `00-${marker}-${'1'.repeat(16)}-01` })
  const [span] = await collector.waitForTrace(marker, (spans) => spans.length > 0, 5_000)
  expect(span).toMatchObject({ component: 'gateway', parentSpanId: '1'.repeat(16), name: 'GET /v1/spaces' })
  expect([...collector.traces().keys()].toSorted()).toEqual([...before, marker].toSorted())
})
