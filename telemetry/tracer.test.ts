import { describe, expect, test } from 'vitest'
import { AppError } from '../core/errors.ts'
import { parseTraceparent } from '../core/trace-context.ts'
import { REFUSED } from './allowed-values.ts'
import type { Attributes } from './attributes.ts'
import { memoryExporter, noExporter, type SpanExporter } from './span.ts'
import { createTracer } from './tracer.ts'

const INCOMING = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const UNSAMPLED = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'

function world(options: { exporter?: SpanExporter; sampleRatio?: number } = {}) {
  const exporter = memoryExporter()
  let now = 1_000
  let dice = 0
  let draws = 0
  const tracer = createTracer({
    component: 'gateway',
    exporter,
    clock: () => now++,
    random: (length) => {
      draws += 1
      return Uint8Array.from({ length }, () => (dice = (dice * 197 + 31) & 0xff))
    },
    ...options,
  })
  return { tracer, spans: exporter.spans, draws: () => draws, setClock: (ms: number) => (now = ms) }
}

describe('TR-2 spans form one tree', () => {
  test('TR-2 a span below an incoming traceparent, a child below it, in the order in which they end', async () => {
    const { tracer, spans } = world()
    const answer = await tracer.span('GET /v1/files/{id}', { parent: INCOMING, kind: 'server' }, (span) =>
      span.child('select', { kind: 'client', component: 'postgres' }, async () => 42),
    )
    expect(answer).toBe(42)
    const [inner, outer] = spans
    expect(outer).toMatchObject({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentSpanId: '00f067aa0ba902b7',
      name: 'GET /v1/files/{id}',
      component: 'gateway',
      kind: 'server',
      startMs: 1_000,
      endMs: 1_003,
      error: null,
    })
    expect(inner).toMatchObject({
      traceId: outer?.traceId,
      parentSpanId: outer?.spanId,
      component: 'postgres',
      kind: 'client',
      startMs: 1_001,
      endMs: 1_002,
    })
  })

  test.each([null, undefined, '', 'rubbish', `${INCOMING}-00`])(
    'TR-1 the parent %j begins a new trace',
    async (parent) => {
      const { tracer, spans } = world()
      await tracer.span('put', { parent }, (span) => expect(parseTraceparent(span.traceparent())).toEqual(span.context))
      expect(spans).toHaveLength(1)
      expect(spans[0]?.parentSpanId).toBeNull()
      expect(spans[0]?.traceId).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736')
    },
  )

  test('TR-2 no span id is drawn twice, across refills of the pool too', async () => {
    const { tracer, spans } = world()
    const seeded = world()
    let counter = 0
    const counting = createTracer({
      component: 'journal',
      exporter: { enabled: true, add: (span) => void spans.push(span), flush: async () => {} },
      clock: seeded.tracer.now,
      random: (length) => Uint8Array.from({ length }, (_, i) => (i % 8 < 4 ? 7 : (counter++ >> (8 * (i % 4))) & 0xff)),
    })
    for (let i = 0; i < 500; i++) counting.record('commit', { parent: INCOMING, startMs: 0, endMs: 1 })
    expect(tracer.now()).toBe(1_000)
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(500)
  })

  test('TR-6 what has happened already is recorded with its own times, below a span or a foreign context', async () => {
    const { tracer, spans } = world()
    const past = {
      startMs: 500,
      endMs: 600.25,
      component: 'postgres',
      attributes: { 'bitvault.mutations': 3 },
    } as const
    const context = tracer.record('transaction', { ...past, parent: INCOMING })
    await tracer.span('commit', { parent: context }, (span) => {
      span.record('transaction', { ...past, error: 'database-unavailable' })
    })
    expect(spans[0]).toMatchObject({
      startMs: 500,
      endMs: 600.25,
      component: 'postgres',
      parentSpanId: '00f067aa0ba902b7',
    })
    expect(spans[1]).toMatchObject({ startMs: 500, error: 'database-unavailable', parentSpanId: spans[2]?.spanId })
    expect(spans[2]?.parentSpanId).toBe(context?.spanId)
  })

  test('TR-6 a wall clock that is set back makes no negative duration', async () => {
    const { tracer, spans, setClock } = world()
    await tracer.span('put', { parent: null }, () => setClock(0))
    expect(spans[0]).toMatchObject({ startMs: 1_000, endMs: 1_000 })
  })
})

describe('TR-4 errors leave as codes only', () => {
  const failing = async (error: unknown) => {
    const { tracer, spans } = world()
    await expect(tracer.span('put', { parent: null }, () => Promise.reject(error))).rejects.toBe(error)
    return spans[0]
  }

  test('TR-4 an AppError gives its code, without its detail', async () => {
    const span = await failing(new AppError('name-taken', { detail: 'secret-plan.txt exists' }))
    expect(span).toMatchObject({ error: 'name-taken', attributes: { 'error.type': 'name-taken' } })
    expect(JSON.stringify(span)).not.toContain('secret-plan')
  })

  test('TR-4 an error that crossed a call and lost its class keeps its code', async () => {
    expect(await failing(Object.assign(new Error('far away'), { code: 'busy' }))).toMatchObject({ error: 'busy' })
  })

  test.each([new Error('at https://store/key?X-Amz-Signature=1'), { code: '23505' }, 'text', null, undefined])(
    'TR-4 anything else is internal: %j',
    async (error) => {
      const span = await failing(error)
      expect(span?.error).toBe('internal')
      expect(JSON.stringify(span)).not.toContain('Signature')
    },
  )

  test('TR-4 a synchronous throw is the same', async () => {
    const { tracer, spans } = world()
    const work = () => {
      throw new AppError('busy')
    }
    await expect(tracer.span('put', { parent: null }, work)).rejects.toThrow('busy')
    expect(spans[0]?.error).toBe('busy')
  })

  test('TR-4 an error that is answered, not thrown, can be marked', async () => {
    const { tracer, spans } = world()
    await tracer.span('put', { parent: null }, (span) => span.fail('not-found'))
    expect(spans[0]?.error).toBe('not-found')
  })
})

describe('TR-5 T23 names, URLs and tokens find no way in', () => {
  const TOKEN = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlc2lnbmF0dXJl'

  test('TR-5 allowed values pass', async () => {
    const { tracer, spans } = world()
    const attributes: Attributes = {
      'http.request.method': 'POST',
      'http.route': '/v1/files/:uploadId/commit',
      'http.response.status_code': 201,
      'bitvault.upload.id': '01931f5e-7b1a-7c3d-8e4f-0123456789ab',
      'bitvault.replayed': false,
      'db.response.status_code': '40001',
      'bitvault.codec': undefined,
    }
    await tracer.span('POST /v1/files/{uploadId}/commit', { parent: null, attributes }, () => {})
    expect(spans[0]?.name).toBe('POST /v1/files/{uploadId}/commit')
    expect(spans[0]?.attributes).toEqual(
      Object.fromEntries(Object.entries(attributes).filter(([, v]) => v !== undefined)),
    )
  })

  test.each([
    ['http.route', '/v1/files/01931f5e-7b1a-7c3d-8e4f-0123456789ab'],
    ['http.route', 'https://store.example/key?X-Amz-Signature=abc'],
    ['http.route', `/v1/links/${TOKEN}`],
    ['bitvault.upload.id', TOKEN],
    ['bitvault.codec', 'Quarterly Report.pdf'],
    ['bitvault.operation', TOKEN],
    ['db.operation.name', 'select * from nodes'],
    ['bitvault.bytes', 'Report.pdf'],
    ['bitvault.bytes', Number.NaN],
    ['bitvault.replayed', 'yes'],
    ['file.name', 'Report.pdf'],
  ])('TR-5 %s refuses %j', async (key, value) => {
    const { tracer, spans } = world()
    await tracer.span('put', { parent: null }, (span) => span.set(key as never, value as never))
    expect(spans[0]?.attributes).toEqual({ [key]: REFUSED })
  })

  test.each(['Report.pdf', 'GET /v1/files/01931f5e-7b1a-7c3d-8e4f-0123456789ab', `get ${TOKEN}`, '', 'a'.repeat(200)])(
    'TR-5 the span name %j is refused',
    async (name) => {
      const { tracer, spans } = world()
      await tracer.span(name, { parent: null }, () => {})
      expect(spans[0]?.name).toBe(REFUSED)
    },
  )
})

describe('TR-3 sampling follows the parent', () => {
  test('TR-3 an unsampled parent is carried on unchanged, and nothing below it is recorded', async () => {
    const { tracer, spans, draws } = world()
    await tracer.span('put', { parent: UNSAMPLED }, async (span) => {
      expect(span.recording).toBe(false)
      await span.child('select', {}, (child) => expect(child.traceparent()).toBe(UNSAMPLED))
      span.record('select', { startMs: 0, endMs: 1 })
    })
    expect(spans).toEqual([])
    expect(draws()).toBe(0)
  })

  test('TR-3 a ratio of 0 keeps no new trace, but goes on to say so', async () => {
    const { tracer, spans } = world({ sampleRatio: 0 })
    await tracer.span('put', { parent: null }, (span) => expect(span.traceparent()).toMatch(/^00-\w{32}-\w{16}-00$/))
    await tracer.span('put', { parent: INCOMING }, () => {})
    expect(spans.map((span) => span.parentSpanId)).toEqual(['00f067aa0ba902b7'])
  })

  test('TR-3 without an exporter an incoming context goes on, and none is made', async () => {
    const { tracer } = world({ exporter: noExporter })
    await tracer.span('put', { parent: INCOMING }, (span) => expect(span.traceparent()).toBe(INCOMING))
    await tracer.span('put', { parent: null }, (span) => {
      expect(span.traceparent()).toBeNull()
      expect(span.context).toBeNull()
    })
    expect(tracer.record('put', { parent: null, startMs: 0, endMs: 1 })).toBeNull()
  })

  test('TR-3 an unsampled span still throws what its work throws', async () => {
    const { tracer } = world({ exporter: noExporter })
    const error = new AppError('busy')
    const sync = () => {
      throw error
    }
    await expect(tracer.span('put', { parent: null }, (span) => span.child('x', {}, sync))).rejects.toBe(error)
  })
})
