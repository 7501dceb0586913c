import { z } from 'zod'
import type { AttributeValue } from './attributes.ts'
import { KIND_NUMBERS } from './otlp-json.ts'
import type { CollectedSpan, SpanKind } from './span.ts'

/** Reads what `otlp-json.ts` writes, and what other producers of OTLP/HTTP JSON write of the same fields. */
const Value = z.object({
  stringValue: z.string().max(4096).optional(),
  intValue: z.union([z.string().regex(/^-?\d{1,19}$/), z.number()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
})
const Attributes = z
  .array(z.object({ key: z.string().max(256), value: Value }))
  .max(256)
  .default([])
const UnixNano = z.union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative().transform(String)])
const OtlpSpan = z.object({
  traceId: z.string().regex(/^[0-9a-fA-F]{32}$/),
  spanId: z.string().regex(/^[0-9a-fA-F]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^([0-9a-fA-F]{16})?$/)
    .default(''),
  name: z.string().max(1024),
  kind: z.number().int().default(0),
  startTimeUnixNano: UnixNano,
  endTimeUnixNano: UnixNano,
  attributes: Attributes,
  status: z.object({ code: z.number().int().default(0), message: z.string().max(1024).default('') }).prefault({}),
})
const Request = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes: Attributes }).prefault({}),
        scopeSpans: z.array(z.object({ spans: z.array(z.unknown()).default([]) })).default([]),
      }),
    )
    .default([]),
})

export type DecodedTraces = { spans: CollectedSpan[]; rejected: number }

/** The spans of an export request, and how many could not be read; `null` when it is no export request at all. */
export function decodeTraces(body: unknown): DecodedTraces | null {
  const request = Request.safeParse(body)
  if (!request.success) return null
  const spans: CollectedSpan[] = []
  let rejected = 0
  for (const { resource, scopeSpans } of request.data.resourceSpans) {
    const component = String(plain(resource.attributes)['service.name'] ?? 'unknown')
    for (const candidate of scopeSpans.flatMap((scope) => scope.spans)) {
      const span = OtlpSpan.safeParse(candidate)
      if (span.success) spans.push(collected(span.data, component))
      else rejected += 1
    }
  }
  return { spans, rejected }
}

const KINDS = new Map(Object.entries(KIND_NUMBERS).map(([kind, number]) => [number, kind as SpanKind]))

const collected = (span: z.infer<typeof OtlpSpan>, component: string): CollectedSpan => ({
  traceId: span.traceId.toLowerCase(),
  spanId: span.spanId.toLowerCase(),
  parentSpanId: span.parentSpanId === '' ? null : span.parentSpanId.toLowerCase(),
  name: span.name,
  component,
  kind: KINDS.get(span.kind) ?? 'internal',
  startNs: span.startTimeUnixNano,
  endNs: span.endTimeUnixNano,
  attributes: plain(span.attributes),
  status: status(span.status),
})

function status({ code, message }: { code: number; message: string }): CollectedSpan['status'] {
  if (code === 2) return { code: 'error', message }
  return { code: code === 1 ? 'ok' : 'unset' }
}

/** Values that are no scalar (arrays, bytes) are left out: none of our spans has one. */
function plain(attributes: z.infer<typeof Attributes>): Record<string, AttributeValue> {
  const entries = attributes.flatMap(({ key, value }) => {
    const scalar =
      value.stringValue ??
      value.boolValue ??
      value.doubleValue ??
      (value.intValue === undefined ? undefined : Number(value.intValue))
    return scalar === undefined ? [] : [[key, scalar] as const]
  })
  return Object.fromEntries(entries)
}
