import { describe, expect, test } from 'vitest'
import { encodeTraces, unixNano } from './otlp-json.ts'
import { otlpExporter, parseOtlpHeaders, type OtlpFetch, type OtlpOptions } from './otlp.ts'
import type { FinishedSpan } from './span.ts'

const span = (patch: Partial<FinishedSpan> = {}): FinishedSpan => ({
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  parentSpanId: null,
  name: 'put',
  component: 'gateway',
  kind: 'server',
  startMs: 1_795_219_200_000.25,
  endMs: 1_795_219_200_001,
  attributes: {},
  error: null,
  ...patch,
})

type Sent = { url: string; headers: Record<string, string>; names: string[] }

/** A collector whose answers the test gives by hand. */
function fakeCollector(options: Partial<OtlpOptions> = {}) {
  const sent: Sent[] = []
  const answers: ((ok: boolean) => void)[] = []
  const fetch: OtlpFetch = (url, init) => {
    const spans = JSON.parse(init.body).resourceSpans[0].scopeSpans[0].spans as { name: string }[]
    sent.push({ url, headers: init.headers, names: spans.map(({ name }) => name) })
    return new Promise((resolve) => answers.push((ok) => resolve({ ok, body: null })))
  }
  const exporter = otlpExporter({ endpoint: 'http://collector:4318', fetch, ...options })
  const answer = async (ok: boolean) => {
    answers.shift()?.(ok)
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  return { exporter, sent, answer }
}

describe('TR-7 OTLP/HTTP JSON', () => {
  test('TR-7 the JSON mapping: hex ids, decimal nanoseconds, enum numbers, one resource a component', () => {
    const spans = [
      span({ attributes: { 'http.route': '/v1/files', 'bitvault.bytes': 12, 'bitvault.replayed': true } }),
      span({ spanId: 'b7ad6b7169203331', parentSpanId: '00f067aa0ba902b7', component: 'postgres', kind: 'client' }),
      span({ spanId: 'c7ad6b7169203331', error: 'busy', attributes: { 'bitvault.queue.wait_ms': 0.5 } }),
    ]
    const resource = (component: string) => ({
      attributes: [
        { key: 'service.name', value: { stringValue: component } },
        { key: 'service.namespace', value: { stringValue: 'bitvault' } },
      ],
    })
    const times = { startTimeUnixNano: '1795219200000250000', endTimeUnixNano: '1795219200001000000' }
    const common = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', name: 'put', ...times }
    expect(JSON.parse(encodeTraces(spans))).toEqual({
      resourceSpans: [
        {
          resource: resource('gateway'),
          scopeSpans: [
            {
              scope: { name: 'bitvault' },
              spans: [
                {
                  ...common,
                  spanId: '00f067aa0ba902b7',
                  kind: 2,
                  attributes: [
                    { key: 'http.route', value: { stringValue: '/v1/files' } },
                    { key: 'bitvault.bytes', value: { intValue: '12' } },
                    { key: 'bitvault.replayed', value: { boolValue: true } },
                  ],
                  status: {},
                },
                {
                  ...common,
                  spanId: 'c7ad6b7169203331',
                  kind: 2,
                  attributes: [{ key: 'bitvault.queue.wait_ms', value: { doubleValue: 0.5 } }],
                  status: { code: 2, message: 'busy' },
                },
              ],
            },
          ],
        },
        {
          resource: resource('postgres'),
          scopeSpans: [
            {
              scope: { name: 'bitvault' },
              spans: [
                {
                  ...common,
                  spanId: 'b7ad6b7169203331',
                  parentSpanId: '00f067aa0ba902b7',
                  kind: 3,
                  attributes: [],
                  status: {},
                },
              ],
            },
          ],
        },
      ],
    })
  })

  test.each([
    [0, '0'],
    [0.5, '500000'],
    [1_795_219_200_123, '1795219200123000000'],
    [1_795_219_200_123.0625, '1795219200123062500'],
    [122.9999999, '123000000'],
  ])('TR-7 %d ms are %s ns', (ms, ns) => {
    expect(unixNano(ms)).toBe(ns)
  })

  test.each(['http://collector:4318', 'http://collector:4318/'])(
    'TR-7 the base %s gets /v1/traces',
    async (endpoint) => {
      const { exporter, sent, answer } = fakeCollector({ endpoint, headers: { authorization: 'Bearer x' } })
      exporter.add(span())
      const flushed = exporter.flush()
      await answer(true)
      await flushed
      expect(sent[0]?.url).toBe('http://collector:4318/v1/traces')
      expect(sent[0]?.headers).toEqual({ authorization: 'Bearer x', 'content-type': 'application/json' })
      expect(exporter.counts()).toEqual({ sent: 1, droppedFull: 0, droppedFailed: 0 })
    },
  )

  test('TR-7 headers are read as OpenTelemetry writes them', () => {
    expect(parseOtlpHeaders('api-key=a%3Db, X-Team = blue ,rubbish,=x,bad=%zz')).toEqual({
      'api-key': 'a=b',
      'x-team': 'blue',
      bad: '%zz',
    })
    expect(parseOtlpHeaders(null)).toEqual({})
  })
})

describe('TR-8 exporting never disturbs', () => {
  test.each(['', null, undefined])('TR-8 the endpoint %j turns tracing off', async (endpoint) => {
    const { exporter, sent } = fakeCollector({ endpoint })
    exporter.add(span())
    await exporter.flush()
    expect(exporter.enabled).toBe(false)
    expect(sent).toEqual([])
  })

  test('TR-8 an empty buffer sends nothing', async () => {
    const { exporter, sent } = fakeCollector()
    await exporter.flush()
    expect(sent).toEqual([])
  })

  test('TR-8 a full buffer loses its oldest spans and counts them', async () => {
    const { exporter, sent, answer } = fakeCollector({ maxSpans: 4 })
    for (let i = 0; i < 7; i++) exporter.add(span({ name: `s${i}` }))
    const flushed = exporter.flush()
    await answer(true)
    await flushed
    expect(sent[0]?.names).toEqual(['s3', 's4', 's5', 's6'])
    expect(exporter.counts()).toEqual({ sent: 4, droppedFull: 3, droppedFailed: 0 })
  })

  test('TR-8 a refusal, a throw and a rejection drop their batch, count it and end quietly', async () => {
    const { exporter, answer } = fakeCollector()
    exporter.add(span())
    const refused = exporter.flush()
    await answer(false)
    await refused
    const failures: OtlpFetch[] = [
      () => Promise.reject(new TypeError('connect ECONNREFUSED')),
      () => {
        throw new Error('no network here')
      },
    ]
    for (const fetch of failures) {
      const { exporter: failing } = fakeCollector({ fetch })
      failing.add(span())
      await failing.flush()
      expect(failing.counts().droppedFailed).toBe(1)
    }
    expect(exporter.counts()).toEqual({ sent: 0, droppedFull: 0, droppedFailed: 1 })
  })

  test('TR-8 a collector that never answers holds a flush no longer than its time', async () => {
    const { exporter, sent } = fakeCollector({ timeoutMs: 20, maxBatch: 1 })
    exporter.add(span({ name: 'a' }))
    exporter.add(span({ name: 'b' }))
    await exporter.flush()
    expect(sent.map(({ names }) => names)).toEqual([['a']])
    expect(exporter.counts().droppedFailed).toBe(1)
  })

  test('TR-8 spans that come while a flush runs go out in its next batch, so that few requests carry many', async () => {
    const { exporter, sent, answer } = fakeCollector({ maxInFlight: 1 })
    exporter.add(span({ name: 'a' }))
    const first = exporter.flush()
    exporter.add(span({ name: 'b' }))
    exporter.add(span({ name: 'c' }))
    await exporter.flush()
    expect(sent).toHaveLength(1)
    await answer(true)
    expect(sent[1]?.names).toEqual(['b', 'c'])
    await answer(true)
    await first
    expect(exporter.counts().sent).toBe(3)
  })

  test('TR-8 a flush that was cut short frees its place when its time is over', async () => {
    let now = 0
    const { exporter, sent } = fakeCollector({ maxInFlight: 1, timeoutMs: 60_000, clock: () => now })
    exporter.add(span({ name: 'a' }))
    void exporter.flush()
    exporter.add(span({ name: 'b' }))
    await exporter.flush()
    expect(sent).toHaveLength(1)
    now = 60_001
    void exporter.flush()
    expect(sent[1]?.names).toEqual(['b'])
  })
})
