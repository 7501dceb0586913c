import { request } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { otlpExporter } from '../telemetry/otlp.ts'
import type { CollectedSpan } from '../telemetry/span.ts'
import { createTracer } from '../telemetry/tracer.ts'
import { startCollector, type Collector, type CollectorOptions } from './collector.ts'

let collector: Collector | undefined
afterEach(() => collector?.stop())

async function start(options: CollectorOptions = {}): Promise<Collector> {
  collector = await startCollector(options)
  return collector
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const otlp = (spanId: string, patch: object = {}) => ({
  traceId: TRACE,
  spanId,
  name: 'put',
  startTimeUnixNano: '1795219200000250001',
  endTimeUnixNano: '1795219200001000002',
  ...patch,
})
const exportRequest = (spans: unknown[], service = 'gateway') => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [{ spans }],
    },
  ],
})

const post = (to: Collector, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${to.endpoint}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const get = async (to: Collector, path: string) => {
  const response = await fetch(`${to.endpoint}${path}`)
  return { status: response.status, body: (await response.json()) as { spans: CollectedSpan[]; traceIds: string[] } }
}

const atLeast = (count: number) => (spans: readonly CollectedSpan[]) => spans.length >= count

describe('TR-7 the collector receives OTLP/HTTP JSON', () => {
  test('TR-7 what our tracer exports comes back as one connected tree', async () => {
    const to = await start()
    const exporter = otlpExporter({ endpoint: to.endpoint, fetch })
    const tracer = createTracer({
      component: 'gateway',
      exporter,
      clock: () => performance.timeOrigin + performance.now(),
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    })
    const attributes = { 'http.route': '/v1/files', 'bitvault.bytes': 12, 'bitvault.replayed': true } as const
    const traceId = await tracer.span('POST /v1/files', { parent: null, kind: 'server', attributes }, async (span) => {
      await span.child('insert', { component: 'postgres', kind: 'client' }, (child) => child.fail('busy'))
      return span.context?.traceId ?? ''
    })
    await exporter.flush()
    expect(exporter.counts()).toEqual({ sent: 2, droppedFull: 0, droppedFailed: 0 })

    const { status, body } = await get(to, `/traces/${traceId}`)
    expect(status).toBe(200)
    const outer = body.spans.find((span) => span.component === 'gateway')
    const inner = body.spans.find((span) => span.component === 'postgres')
    expect(outer).toMatchObject({ parentSpanId: null, kind: 'server', attributes, status: { code: 'unset' } })
    expect(inner).toMatchObject({
      parentSpanId: outer?.spanId,
      kind: 'client',
      attributes: { 'error.type': 'busy' },
      status: { code: 'error', message: 'busy' },
    })
    expect(BigInt(outer?.startNs ?? 0)).toBeLessThanOrEqual(BigInt(inner?.startNs ?? 0))
  })

  test('TR-7 nanoseconds are kept to the last digit; missing fields have their defaults', async () => {
    const to = await start()
    expect((await post(to, exportRequest([otlp('00f067aa0ba902b7')]))).status).toBe(200)
    expect((await get(to, `/traces/${TRACE}`)).body.spans).toEqual([
      {
        traceId: TRACE,
        spanId: '00f067aa0ba902b7',
        parentSpanId: null,
        name: 'put',
        component: 'gateway',
        kind: 'internal',
        startNs: '1795219200000250001',
        endNs: '1795219200001000002',
        attributes: {},
        status: { code: 'unset' },
      },
    ])
  })

  test('TR-7 malformed spans are counted and the others kept', async () => {
    const to = await start()
    const response = await post(to, exportRequest([otlp('00f067aa0ba902b7'), otlp('short'), null]))
    expect(await response.json()).toMatchObject({ partialSuccess: { rejectedSpans: '2' } })
    expect(to.traces().get(TRACE)).toHaveLength(1)
  })

  test('TR-7 a batch that is sent again changes nothing', async () => {
    const to = await start()
    for (let i = 0; i < 2; i++) await post(to, exportRequest([otlp('00f067aa0ba902b7')]))
    expect(to.traces().get(TRACE)).toHaveLength(1)
  })
})

describe('TR-10 the collector is bounded and local', () => {
  test.each([
    ['no JSON', '{', 400],
    ['no export request', '{"resourceSpans": 1}', 400],
    ['null', 'null', 400],
    ['too large', `"${'a'.repeat(4 * 1024 * 1024)}"`, 413],
  ])('TR-10 a body that is %s is refused', async (_, body, status) => {
    const to = await start()
    expect((await post(to, body)).status).toBe(status)
    expect(to.traces().size).toBe(0)
  })

  test('TR-10 other media types and encodings, methods and paths are refused', async () => {
    const to = await start()
    expect((await post(to, '{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post(to, '{}', { 'content-type': 'application/x-protobuf' })).status).toBe(415)
    expect((await post(to, '{}', { 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await get(to, '/v1/traces')).status).toBe(405)
    expect((await get(to, '/traces/nonsense')).status).toBe(404)
    expect((await get(to, `/traces/${TRACE}`)).status).toBe(404)
    expect((await get(to, '//')).status).toBe(404)
  })

  test('TR-10 a request under another host name is refused', async () => {
    const to = await start()
    const status = await new Promise((resolve, reject) => {
      const sent = request({ port: to.port, path: '/traces', headers: { host: 'evil.example' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject).end()
    })
    expect(status).toBe(421)
  })

  test('TR-10 the oldest traces make room, one that is still heard of stays', async () => {
    const to = await start({ maxTraces: 2 })
    const trace = (letter: string) => letter.repeat(32)
    for (const [i, letter] of ['a', 'b', 'a', 'c'].entries()) {
      await post(to, exportRequest([otlp(`00f067aa0ba902b${i}`, { traceId: trace(letter) })]))
    }
    expect([...to.traces().keys()]).toEqual([trace('a'), trace('c')])
    expect((await get(to, '/traces')).body.traceIds).toEqual([trace('a'), trace('c')])
  })

  test('TR-10 one trace holds a bounded number of spans', async () => {
    const to = await start({ maxSpansPerTrace: 3 })
    await post(to, exportRequest(Array.from({ length: 9 }, (_, i) => otlp(`00f067aa0ba902b${i}`))))
    expect(to.traces().get(TRACE)).toHaveLength(3)
  })
})

describe('TR-11 waiting is driven by what arrives', () => {
  test('TR-11 resolves with the request that completes the trace, or at once when it has come', async () => {
    const to = await start()
    const both = to.waitForTrace(TRACE, atLeast(2), 5_000)
    const any = to.waitForTrace('any', atLeast(2), 5_000)
    await post(to, exportRequest([otlp('00f067aa0ba902b7')]))
    await post(to, exportRequest([otlp('00f067aa0ba902b8')], 'journal'))
    expect((await both).map((span) => span.component)).toEqual(['gateway', 'journal'])
    expect(await any).toHaveLength(2)
    expect(await to.waitForTrace(TRACE, atLeast(2), 0)).toHaveLength(2)
  })

  test('TR-11 rejects after its time and says what had arrived', async () => {
    const to = await start()
    await expect(to.waitForTrace(TRACE, atLeast(1), 5)).rejects.toThrow(/within 5 ms: nothing arrived/)
    await post(to, exportRequest([otlp('00f067aa0ba902b7')]))
    await expect(to.waitForTrace(TRACE, atLeast(2), 5)).rejects.toThrow(/arrived: gateway put/)
  })

  test('TR-11 stopping the collector ends every wait', async () => {
    const to = await start()
    const waiting = expect(to.waitForTrace(TRACE, atLeast(1), 60_000)).rejects.toThrow(/stopped/)
    await to.stop()
    await waiting
  })

  test('TR-11 GET waits for components, and answers with what there is after the time', async () => {
    const to = await start()
    const answer = get(to, `/traces/${TRACE}?components=2&waitMs=5000`)
    await post(to, exportRequest([otlp('00f067aa0ba902b7')]))
    await post(to, exportRequest([otlp('00f067aa0ba902b8')], 'journal'))
    expect((await answer).body.spans).toHaveLength(2)
    expect((await get(to, `/traces/${TRACE}?components=9&waitMs=5`)).body.spans).toHaveLength(2)
    expect((await get(to, `/traces/${TRACE}?components=nine&waitMs=-1`)).status).toBe(200)
  })
})
