/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/, level 1), without a platform: the caller brings the dice.
 * `traceparent` = version "-" trace-id "-" parent-id "-" trace-flags. Rules TR-1 to TR-4, docs/spec/tracing.md.
 */

/** Where a span stands: 32 and 16 lower-case hex digits, neither all zero. */
export type SpanContext = { readonly traceId: string; readonly spanId: string; readonly sampled: boolean }

/** Random bytes that `childOf` uses: 8 for a span of a known trace, 24 for a new trace. */
export const RANDOM_BYTES = { child: 8, root: 24 } as const

const LENGTH_V0 = 55
/** A later version may append fields; what is longer than this is noise. */
const MAX_LENGTH = 512
const V0_FIELDS = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/
const ALL_ZERO = /^0+$/
const SAMPLED = 0x01

/**
 * Reads a `traceparent`, strictly: anything that the specification calls invalid is `null`, and a new trace begins.
 * A version above 00 is read by its first four fields (section 4.3); version ff is invalid.
 */
export function parseTraceparent(text: string | null | undefined): SpanContext | null {
  if (!text || text.length < LENGTH_V0 || text.length > MAX_LENGTH) return null
  const [, version, traceId, spanId, flags] = V0_FIELDS.exec(text) ?? []
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null
  if (version === 'ff' || ALL_ZERO.test(traceId) || ALL_ZERO.test(spanId)) return null
  if (text.length > LENGTH_V0 && (version === '00' || text[LENGTH_V0] !== '-')) return null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED }
}

/** The version 00 text of a context; of the flags we know only `sampled`, the others go out as zero (section 3.2.2.5). */
export const formatTraceparent = (context: SpanContext): string =>
  `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`

/**
 * A new span under `parent`, or the first span of a new trace.
 * @param random `RANDOM_BYTES.child` or `RANDOM_BYTES.root` bytes
 * @param sampled what a new trace carries; a child has what its parent has
 */
export function childOf(parent: SpanContext | null, random: Uint8Array, sampled = true): SpanContext {
  const spanId = hexId(random, 0, 8)
  if (parent !== null) return { traceId: parent.traceId, spanId, sampled: parent.sampled }
  return { traceId: hexId(random, 8, 16), spanId, sampled }
}

/**
 * Whether a new trace is kept: decided by the trace id, so that components with one ratio decide alike.
 * @param ratio 0 (none) to 1 (all)
 */
export function isSampled(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true
  // 52 bits fit a number exactly; the specification asks for randomness at the right end of the id.
  return Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** All zero means "no id", so that the one value in 2^64 is moved aside. */
function hexId(bytes: Uint8Array, from: number, length: number): string {
  let text = ''
  let any = 0
  for (let at = from; at < from + length; at++) {
    const byte = bytes[at] ?? 0
    any |= byte
    text += HEX[byte]
  }
  return any === 0 ? `${text.slice(0, -1)}1` : text
}
