import type { AttributeValue } from './attributes.ts'

/** Who does the work: exported as `service.name`. Postgres and the object store export nothing themselves. */
export type Component =
  | 'cli'
  | 'client'
  | 'gateway'
  | 'sync'
  | 'identity'
  | 'journal'
  | 'bus'
  | 'consumer'
  | 'postgres'
  | 'object-store'

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** A span that has ended, as exporters take it. */
export type FinishedSpan = {
  traceId: string
  spanId: string
  parentSpanId: string | null
  name: string
  component: Component
  kind: SpanKind
  /** Unix milliseconds with a fraction. */
  startMs: number
  endMs: number
  attributes: Record<string, AttributeValue>
  /** The error code, or `null` when it went well. */
  error: string | null
}

/** A span as a collector gives it back. Times are Unix nanoseconds, decimal, since they exceed a number. */
export type CollectedSpan = {
  traceId: string
  spanId: string
  parentSpanId: string | null
  name: string
  component: string
  kind: SpanKind
  startNs: string
  endNs: string
  attributes: Record<string, AttributeValue>
  status: { code: 'unset' | 'ok' } | { code: 'error'; message: string }
}

/** Takes ended spans. `add` and `flush` never throw and never reject. */
export type SpanExporter = {
  /** When `false`, spans are not recorded at all; a trace context that came in still goes on. */
  readonly enabled: boolean
  add(span: FinishedSpan): void
  /** Sends what is buffered; give it to `ctx.waitUntil` after answering. */
  flush(): Promise<void>
}

export const noExporter: SpanExporter = { enabled: false, add: () => {}, flush: () => Promise.resolve() }

/** Keeps the spans in memory, at most `limit`: for tests, and for a CLI that prints its own part. */
export function memoryExporter(limit = 10_000): SpanExporter & { readonly spans: FinishedSpan[] } {
  const spans: FinishedSpan[] = []
  const add = (span: FinishedSpan) => {
    if (spans.length < limit) spans.push(span)
  }
  return { enabled: true, spans, add, flush: () => Promise.resolve() }
}
