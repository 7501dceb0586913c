import { describe, expect, test } from 'vitest'
import { productMetrics, statusClass } from './product-metrics.ts'
import { createMetrics, LATENCY_SECONDS, OPENMETRICS_CONTENT_TYPE } from './metrics.ts'

type Sample = { name: string; labels: Record<string, string>; value: number }
type Family = { type: string; unit: string | null; help: string | null; samples: Sample[] }

const SUFFIXES: Record<string, string[]> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum'],
}
const REAL = /^(?:[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/

/**
 * The part of the OpenMetrics 1.0 grammar and of its rules that we use: descriptors before samples, families not
 * interleaved, every sample of a declared family with a suffix of its type, unique label sets, `# EOF` last.
 */
function parse(text: string): Map<string, Family> {
  if (!text.endsWith('# EOF\n')) throw new Error('no EOF')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let current = ''
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const [, keyword, name = '', rest = ''] = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line) ?? []
    if (keyword === 'TYPE') {
      if (families.has(name)) throw new Error(`family ${name} twice`)
      families.set((current = name), { type: rest, unit: null, help: null, samples: [] })
      continue
    }
    const family = families.get(current)
    if (family === undefined) throw new Error(`before any TYPE: ${line}`)
    if (keyword !== undefined) {
      if (name !== current || family.samples.length > 0) throw new Error(`misplaced: ${line}`)
      family[keyword === 'UNIT' ? 'unit' : 'help'] = unescape(rest)
      continue
    }
    const sample = parseSample(line)
    if (!SUFFIXES[family.type]?.some((suffix) => sample.name === current + suffix)) throw new Error(`foreign: ${line}`)
    const series = line.slice(0, line.lastIndexOf(' '))
    if (seen.has(series)) throw new Error(`twice: ${series}`)
    seen.add(series)
    family.samples.push(sample)
  }
  return families
}

function parseSample(line: string): Sample {
  const LABELS = String.raw`\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*)\}`
  const [, name = '', labelText = '', value = ''] =
    new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:${LABELS})? (\\S+)$`).exec(line) ?? []
  if (name === '' || !REAL.test(value)) throw new Error(`no sample: ${line}`)
  const pairs = labelText.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"/g)
  const labels = Object.fromEntries(Array.from(pairs, ([, key, text]) => [key, unescape(text ?? '')]))
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

const unescape = (text: string) => text.replaceAll(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter))

describe('ME-1 OpenMetrics text', () => {
  test('ME-1 an empty registry is a valid exposition', () => {
    expect(createMetrics().render()).toBe('# EOF\n')
    expect(OPENMETRICS_CONTENT_TYPE).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  })

  test('ME-1 the exact text of one of each', () => {
    const metrics = createMetrics()
    const requests = metrics.counter({
      name: 'http_requests',
      help: 'Requests answered.',
      labels: { method: ['GET', 'PUT'], status: ['2xx', '5xx'] },
    })
    const sockets = metrics.gauge({ name: 'sockets', help: 'Live sockets.' })
    const commit = metrics.histogram({
      name: 'commit_seconds',
      unit: 'seconds',
      help: 'Commit to answer.',
      buckets: [0.5, 1],
    })
    requests.add({ method: 'GET', status: '2xx' })
    requests.add({ method: 'GET', status: '2xx' }, 2)
    requests.add({ method: 'PUT', status: '5xx' })
    sockets.set({}, 3)
    for (const seconds of [0.25, 0.5, 0.75, 4]) commit.observe({}, seconds)
    expect(metrics.render()).toBe(`# TYPE http_requests counter
# HELP http_requests Requests answered.
http_requests_total{method="GET",status="2xx"} 3
http_requests_total{method="PUT",status="5xx"} 1
# TYPE sockets gauge
# HELP sockets Live sockets.
sockets 3
# TYPE commit_seconds histogram
# UNIT commit_seconds seconds
# HELP commit_seconds Commit to answer.
commit_seconds_bucket{le="0.5"} 2
commit_seconds_bucket{le="1.0"} 3
commit_seconds_bucket{le="+Inf"} 4
commit_seconds_count 4
commit_seconds_sum 5.5
# EOF
`)
  })

  test('ME-1 what is rendered parses by the grammar, escapes and extreme values included', () => {
    const metrics = createMetrics()
    const odd = 'a "quoted" \\ path\nand a line'
    metrics.counter({ name: 'odd', help: odd, labels: { kind: [odd, 'plain'] } }).add({ kind: odd }, 1e21)
    const gauge = metrics.gauge({ name: 'extreme', help: 'h', labels: { at: ['high', 'low', 'none', 'tiny'] } })
    gauge.set({ at: 'high' }, Infinity)
    gauge.set({ at: 'low' }, -Infinity)
    gauge.set({ at: 'none' }, Number.NaN)
    gauge.set({ at: 'tiny' }, -1.5e-9)
    metrics
      .histogram({
        name: 'wait_seconds',
        unit: 'seconds',
        help: 'h',
        labels: { queue: ['index'] },
        buckets: LATENCY_SECONDS,
      })
      .observe({ queue: 'index' }, 0.003)
    const families = parse(metrics.render())
    expect(families.get('odd')).toEqual({
      type: 'counter',
      unit: null,
      help: odd,
      samples: [{ name: 'odd_total', labels: { kind: odd }, value: 1e21 }],
    })
    expect(families.get('extreme')?.samples.map(({ value }) => value)).toEqual([
      Infinity,
      -Infinity,
      Number.NaN,
      -1.5e-9,
    ])
    const buckets = families.get('wait_seconds')?.samples.filter(({ name }) => name.endsWith('_bucket')) ?? []
    expect(buckets).toHaveLength(LATENCY_SECONDS.length + 1)
    expect(buckets.map(({ value }) => value)).toEqual([0, 0, ...LATENCY_SECONDS.slice(1).map(() => 1)])
    expect(buckets.at(-1)?.labels).toEqual({ queue: 'index', le: '+Inf' })
  })

  test.each([
    '',
    'x 1\n# EOF\n',
    '# TYPE x counter\nx 1\n# EOF\n',
    '# TYPE x gauge\nx 1\nx 2\n# EOF\n',
    '# TYPE x gauge\n',
  ])('ME-1 the test parser refuses %j', (text) => {
    expect(() => parse(text)).toThrow()
  })
})

describe('ME-2 the number of series is bounded by the closed label sets', () => {
  test('ME-2 a value outside of its set is counted as other', () => {
    const metrics = createMetrics()
    const requests = metrics.counter({ name: 'requests', help: 'h', labels: { route: ['/v1/files'] } })
    for (let i = 0; i < 1_000; i++) requests.add({ route: `/v1/files/${i}` as '/v1/files' })
    expect(parse(metrics.render()).get('requests')?.samples).toEqual([
      { name: 'requests_total', labels: { route: 'other' }, value: 1_000 },
    ])
  })

  test('ME-2 sets that would allow thousands of series are refused when they are declared', () => {
    const many = Array.from({ length: 50 }, (_, i) => `v${i}`)
    expect(() => createMetrics().counter({ name: 'x', help: 'h', labels: { a: many, b: many } })).toThrow()
  })

  test.each([
    ['a name that is no snake case', { name: 'httpRequests', help: 'h' }],
    ['a unit that the name does not end in', { name: 'duration', unit: 'seconds', help: 'h' }],
    ['the label le', { name: 'x', help: 'h', labels: { le: ['1'] } }],
  ])('ME-2 %s is refused', (_, of) => {
    expect(() => createMetrics().gauge(of)).toThrow()
  })

  test('ME-2 a family is registered once', () => {
    const metrics = createMetrics()
    metrics.gauge({ name: 'x', help: 'h' })
    expect(() => metrics.counter({ name: 'x', help: 'h' })).toThrow()
  })
})

test('ME-3 counters never fall, and impossible observations change nothing', () => {
  const metrics = createMetrics()
  const counter = metrics.counter({ name: 'x', help: 'h' })
  const histogram = metrics.histogram({ name: 'y', help: 'h', buckets: [1] })
  counter.add({}, 2)
  for (const value of [-1, Number.NaN, Infinity]) {
    counter.add({}, value)
    histogram.observe({}, value)
  }
  const families = parse(metrics.render())
  expect(families.get('x')?.samples[0]?.value).toBe(2)
  expect(families.get('y')?.samples.map(({ value }) => value)).toEqual([0, 0, 0, 0])
})

test('ME-3 buckets must ascend', () => {
  for (const buckets of [[], [1, 1], [2, 1], [1, Infinity]]) {
    expect(() => createMetrics().histogram({ name: 'x', help: 'h', buckets })).toThrow()
  }
})

test('ME-4 the families of the product stand together and parse', () => {
  const metrics = createMetrics()
  const routes = Array.from({ length: 100 }, (_, i) => `/v1/route${i}`)
  const product = productMetrics(metrics, routes)
  for (const status of [101, 204, 302, 404, 503]) {
    product.requests.add({ route: '/v1/route7', status: statusClass(status) })
  }
  product.requestDuration.observe({ route: '/v1/route7' }, 0.02)
  product.bytes.add({ way: 'direct', direction: 'in' }, 2 ** 40)
  const families = parse(metrics.render())
  expect(families.get('bitvault_http_requests')?.samples.map(({ labels }) => labels['status'])).toEqual([
    '1xx',
    '2xx',
    '3xx',
    '4xx',
    '5xx',
  ])
  expect([...families.keys()].every((name) => name.startsWith('bitvault_'))).toBe(true)
  expect(families.get('bitvault_content_bytes')?.samples[0]?.value).toBe(2 ** 40)
})
