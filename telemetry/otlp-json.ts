import type { AttributeValue } from './attributes.ts'
import type { FinishedSpan, SpanKind } from './span.ts'

/**
 * Spans as the JSON mapping of opentelemetry-proto writes them: ids as hex (not base64), 64-bit integers as decimal
 * strings, enums as numbers, one resource a `service.name`.
 */
export const KIND_NUMBERS: Record<SpanKind, number> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const STATUS_ERROR = 2

export function encodeTraces(spans: readonly FinishedSpan[]): string {
  const byComponent = new Map<string, FinishedSpan[]>()
  for (const span of spans) {
    const group = byComponent.get(span.component)
    if (group === undefined) byComponent.set(span.component, [span])
    else group.push(span)
  }
  const resourceSpans = Array.from(byComponent, ([component, group]) => ({
    resource: { attributes: [attribute('service.name', component), attribute('service.namespace', 'bitvault')] },
    scopeSpans: [{ scope: { name: 'bitvault' }, spans: group.map(encodeSpan) }],
  }))
  return JSON.stringify({ resourceSpans })
}

function encodeSpan(span: FinishedSpan) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KIND_NUMBERS[span.kind],
    startTimeUnixNano: unixNano(span.startMs),
    endTimeUnixNano: unixNano(span.endMs),
    attributes: Object.entries(span.attributes).map(([key, value]) => attribute(key, value)),
    status: span.error === null ? {} : { code: STATUS_ERROR, message: span.error },
  }
}

function attribute(key: string, value: AttributeValue) {
  if (typeof value === 'string') return { key, value: { stringValue: value } }
  if (typeof value === 'boolean') return { key, value: { boolValue: value } }
  if (Number.isSafeInteger(value)) return { key, value: { intValue: String(value) } }
  return { key, value: { doubleValue: value } }
}

/** Nanoseconds since 1970 exceed the exact range of a number, so that milliseconds and the rest are joined as text. */
export function unixNano(unixMs: number): string {
  let whole = Math.floor(unixMs)
  let nanos = Math.round((unixMs - whole) * 1_000_000)
  if (nanos === 1_000_000) {
    whole += 1
    nanos = 0
  }
  return whole === 0 ? String(nanos) : `${whole}${String(nanos).padStart(6, '0')}`
}
