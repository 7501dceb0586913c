import { expect, test } from 'vitest'
import type { CollectedSpan } from '../telemetry/span.ts'
import { renderTraceTree } from './trace-tree.ts'

const EPOCH_NS = 1_795_219_200_000_000_000n

/** `id<parent component name start..end` in milliseconds, `!code` for a failure. */
function span(text: string): CollectedSpan {
  const [, spanId = '', parent, component = '', name = '', start, end, code] =
    /^(\w+)(?:<(\w+))? (\S+) "(.*)" ([\d.]+)\.\.([\d.]+)(?: !(\S+))?$/s.exec(text) ?? []
  const ns = (ms = '0') => String(EPOCH_NS + BigInt(Math.round(Number(ms) * 1e6)))
  return {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId,
    parentSpanId: parent ?? null,
    name,
    component,
    kind: 'internal',
    startNs: ns(start),
    endNs: ns(end),
    attributes: {},
    status: code === undefined ? { code: 'unset' } : { code: 'error', message: code },
  }
}

const PUT = [
  'g2<b journal "transaction" 210.5..230',
  'a cli "put" 0..800',
  'b<a gateway "POST /v1/files" 200..240',
  'c<a object-store "PUT object" 250..700',
  'd<g2 postgres "insert" 212..228.25',
  'e<a gateway "POST /v1/files/{uploadId}/commit" 710..790 !busy',
  'f<e postgres "insert" 720..720.4 !database-unavailable',
].map(span)

const render = (spans: CollectedSpan[], width = 100) => renderTraceTree(spans, { width, color: false })
const lines = (...text: string[]) => `${text.join('\n')}\n`

test('TR-9 one put as a tree with a waterfall, failures marked', () => {
  expect(render(PUT)).toBe(
    lines(
      'put                                  cli           ████████████████   800 ms',
      '├─ POST /v1/files                    gateway           ▊             40.0 ms',
      '│  └─ transaction                    journal           ▍             19.5 ms',
      '│     └─ insert                      postgres          ▍             16.3 ms',
      '├─ PUT object                        object-store       █████████     450 ms',
      '└─ POST /v1/files/{uploadId}/commit  gateway                     █▋  80.0 ms  ✗ busy',
      '   └─ insert                         postgres                    ▏   0.40 ms  ✗ database-unavailable',
      '7 spans, 5 components, 800 ms, 2 failed',
    ),
  )
})

test('TR-9 a narrow terminal cuts labels and keeps the columns', () => {
  expect(render(PUT, 10)).toBe(
    lines(
      'put                          cli           ████████   800 ms',
      '├─ POST /v1/files            gateway         ▍       40.0 ms',
      '│  └─ transaction            journal         ▎       19.5 ms',
      '│     └─ insert              postgres        ▏       16.3 ms',
      '├─ PUT object                object-store    ████▌    450 ms',
      '└─ POST /v1/files/{uploadI…  gateway              ▊  80.0 ms  ✗ busy',
      '   └─ insert                 postgres             ▏  0.40 ms  ✗ database-unavailable',
      '7 spans, 5 components, 800 ms, 2 failed',
    ),
  )
})

test('TR-9 spans whose parent did not arrive stand apart', () => {
  const spans = ['a cli "put" 0..10', 'c<b journal "commit" 2..6', 'd<c postgres "insert" 3..5', 'e<x bus "send" 8..9']
  expect(render(spans.map(span), 60)).toBe(
    lines(
      'put           cli       ███████████████████████████  10.0 ms',
      '(parent not received)',
      '├─ commit     journal        ██████████▊             4.00 ms',
      '│  └─ insert  postgres          █████▍               2.00 ms',
      '└─ send       bus                            ██▊     1.00 ms',
      '4 spans, 4 components, 10.0 ms',
    ),
  )
})

test('TR-9 of many alike siblings four are shown and the rest is one line, failures aside', () => {
  const puts = Array.from({ length: 1_000 }, (_, i) =>
    span(`p${i}<a object-store "PUT object" ${i}..${i + 2}${i === 500 ? ' !store-unavailable' : ''}`),
  )
  expect(render([span('a cli "put" 0..1001'), ...puts], 80)).toBe(
    lines(
      'put                       cli           ██████████  1001 ms',
      '├─ PUT object             object-store  ▏           2.00 ms',
      '├─ PUT object             object-store  ▏           2.00 ms',
      '├─ PUT object             object-store  ▏           2.00 ms',
      '├─ PUT object             object-store  ▏           2.00 ms',
      '├─ … 995 more PUT object  object-store  ██████████   997 ms',
      '└─ PUT object             object-store      ▏       2.00 ms  ✗ store-unavailable',
      '1001 spans, 2 components, 1001 ms, 1 failed',
    ),
  )
})

test('TR-9 no spans, no text; one span without a length still shows', () => {
  expect(render([])).toBe('')
  expect(render([span('a cli "put" 5..5')], 60)).toBe(
    lines('put  cli  ▏                                          0.00 ms', '1 span, 1 component, 0.00 ms'),
  )
})

test('TR-9 spans that name each other as parents neither hang nor get lost', () => {
  const spans = ['a<b cli "first" 0..1', 'b<a cli "second" 0..1', 'c<c cli "self" 0..1', 'd<a cli "under" 0..1'].map(
    span,
  )
  const text = render(spans, 60)
  for (const name of ['first', 'second', 'self', 'under']) expect(text.split(name)).toHaveLength(2)
})

test('TR-9 names cannot steer the terminal', () => {
  expect(render([span('a cli "put\u001b[2J\n\u202egpj" 0..1')], 60)).toContain('put?[2J??gpj')
})

test('TR-9 colours change nothing but the colours', () => {
  const colored = renderTraceTree(PUT, { width: 100, color: true })
  expect(colored).toContain('\u001b[31m')
  // oxlint-disable-next-line no-control-regex -- the escape sequences are what is looked for
  expect(colored.replaceAll(/\u001b\[\d+m/g, '')).toBe(render(PUT))
})
