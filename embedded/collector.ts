import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeTraces } from '../telemetry/otlp-decode.ts'
import type { CollectedSpan } from '../telemetry/span.ts'
import { createTraceStore } from './trace-store.ts'

/**
 * A trace collector for one machine: takes OTLP/HTTP JSON on the loopback address, keeps the last traces in memory, and
 * gives them back to `bitvault put --trace` and to tests. In production any OTLP collector stands in its place.
 *
 *   POST /v1/traces                            an OTLP export request
 *   GET  /traces                               ids of the traces it holds, the newest last
 *   GET  /traces/{traceId}                     { spans: CollectedSpan[] }; 404 when it has none
 *        ?components=5&waitMs=2000             answers when that many components have reported, or after the time
 */
export type Collector = {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` takes. */
  endpoint: string
  port: number
  traces(): ReadonlyMap<string, readonly CollectedSpan[]>
  /**
   * The spans of a trace as soon as `predicate` holds for them; `any` = of the first trace for which it holds.
   * Rejects after `timeoutMs`, naming what had arrived.
   */
  waitForTrace(
    traceId: string,
    predicate: (spans: readonly CollectedSpan[]) => boolean,
    timeoutMs: number,
  ): Promise<readonly CollectedSpan[]>
  stop(): Promise<void>
}

export type CollectorOptions = { port?: number; maxTraces?: number; maxSpansPerTrace?: number }

const MAX_BODY_BYTES = 4 * 1024 * 1024
const MAX_WAIT_MS = 10_000
const BODY_TIME_MS = 10_000

/** Rejects when the port is taken (`EADDRINUSE`); port 0, the default, takes a free one. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const { port = 0, maxTraces = 500, maxSpansPerTrace = 5_000 } = options
  const store = createTraceStore({ maxTraces, maxSpansPerTrace })
  const server = createServer({ requestTimeout: BODY_TIME_MS }, (request, response) => {
    answer(request, store)
      .catch(() => ({ status: 500, body: { message: 'the collector failed' } }))
      .then((reply) => send(response, reply))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    endpoint: `http://127.0.0.1:${bound}`,
    port: bound,
    traces: store.all,
    waitForTrace: store.waitFor,
    async stop() {
      store.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

type Store = ReturnType<typeof createTraceStore>
type Reply = { status: number; body: unknown }

async function answer(request: IncomingMessage, store: Store): Promise<Reply> {
  // A page in a browser may reach the loopback address through a name of its own (DNS rebinding), not through ours.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) return reply(421, 'ask for 127.0.0.1')
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  if (path === '/v1/traces') return request.method === 'POST' ? receive(request, store) : reply(405, 'use POST')
  if (request.method !== 'GET') return reply(405, 'use GET')
  if (path === '/traces') return { status: 200, body: { traceIds: [...store.all().keys()] } }
  const traceId = /^\/traces\/([0-9a-f]{32})$/.exec(path)?.[1]
  if (traceId === undefined) return reply(404, 'no such page')
  const spans = await enough(store, traceId, new URLSearchParams(query))
  return spans === undefined ? reply(404, 'no such trace') : { status: 200, body: { spans } }
}

async function enough(store: Store, traceId: string, query: URLSearchParams) {
  const waitMs = Math.min(Number(query.get('waitMs') ?? 0) || 0, MAX_WAIT_MS)
  const components = Number(query.get('components') ?? 1) || 1
  const reported = (spans: readonly CollectedSpan[]) => new Set(spans.map((span) => span.component)).size >= components
  if (waitMs > 0) await store.waitFor(traceId, reported, waitMs).catch(() => undefined)
  return store.all().get(traceId)
}

async function receive(request: IncomingMessage, store: Store): Promise<Reply> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return reply(415, 'send JSON')
  if (request.headers['content-encoding'] !== undefined) return reply(415, 'send it uncompressed')
  const text = await readBody(request)
  if (text === null) return reply(413, `at most ${MAX_BODY_BYTES} bytes`)
  const decoded = decodeTraces(parseJson(text))
  if (decoded === null) return reply(400, 'no OTLP export request')
  store.add(decoded.spans)
  const partialSuccess =
    decoded.rejected === 0 ? {} : { rejectedSpans: String(decoded.rejected), errorMessage: 'some spans are malformed' }
  return { status: 200, body: { partialSuccess } }
}

/** `null` = too large. The rest is read and thrown away, so that the sender sees the answer and not a reset. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size <= MAX_BODY_BYTES) parts.push(part)
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(parts).toString('utf8')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const reply = (status: number, message: string): Reply => ({ status, body: { message } })

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
