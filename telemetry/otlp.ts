import { encodeTraces } from './otlp-json.ts'
import { noExporter, type FinishedSpan, type SpanExporter } from './span.ts'

/**
 * Sends spans to a collector by OTLP/HTTP JSON. Telemetry is never worth a request: the buffer is bounded (the oldest
 * spans go first), a batch that cannot be delivered in time is dropped and counted, nothing is thrown.
 *
 * A worker may not wait for a promise of another request, so that each `flush` sends by itself what it takes from the
 * buffer, until the buffer is empty. Beyond `maxInFlight` a flush returns at once and leaves its spans to those that
 * run: under load few, large batches go out instead of one for each request.
 */
export type OtlpOptions = {
  /** Base address of the collector as `OTEL_EXPORTER_OTLP_ENDPOINT` gives it; empty = tracing is off. */
  endpoint: string | null | undefined
  fetch: OtlpFetch
  /** As `parseOtlpHeaders` reads them: keys of the collector's owner. They are secrets. */
  headers?: Record<string, string>
  /** Spans kept while the collector is slow; default 4,096. */
  maxSpans?: number
  /** Spans in one request; default 512. */
  maxBatch?: number
  /** Time for one flush, milliseconds; default 5,000. */
  timeoutMs?: number
  /** Flushes that send at the same time; default 2. */
  maxInFlight?: number
  /** Unix milliseconds; default `Date.now`. */
  clock?: () => number
}

/** The part of `fetch` that is used; the platform's own fits. */
export type OtlpFetch = (
  url: string,
  init: { method: 'POST'; headers: Record<string, string>; body: string; redirect: 'manual'; signal: AbortSignal },
) => Promise<{ ok: boolean; body?: { cancel(): Promise<void> } | null }>

export type ExportCounts = { sent: number; droppedFull: number; droppedFailed: number }
export type OtlpExporter = SpanExporter & { counts(): ExportCounts }

export function otlpExporter(options: OtlpOptions): OtlpExporter {
  const counts: ExportCounts = { sent: 0, droppedFull: 0, droppedFailed: 0 }
  if (!options.endpoint) return { ...noExporter, counts: () => ({ ...counts }) }
  const { maxSpans = 4096, maxBatch = 512, timeoutMs = 5000, maxInFlight = 2, clock = Date.now } = options
  const post = poster(options.endpoint, options)
  let buffer: FinishedSpan[] = []
  /** When each running flush must be over: a request that was cut short never says so, and frees its place by time. */
  const running = new Set<{ untilMs: number }>()

  const add = (span: FinishedSpan) => {
    buffer.push(span)
    // Cut rarely and by half, since shifting an array for every span costs more than the span.
    if (buffer.length <= maxSpans * 1.5) return
    counts.droppedFull += buffer.length - maxSpans
    buffer = buffer.slice(-maxSpans)
  }

  const flush = async () => {
    for (const other of running) if (other.untilMs < clock()) running.delete(other)
    if (buffer.length === 0 || running.size >= maxInFlight) return
    const mine = { untilMs: clock() + timeoutMs }
    running.add(mine)
    const signal = AbortSignal.timeout(timeoutMs)
    while (buffer.length > 0 && !signal.aborted) {
      const batch = buffer.slice(0, maxBatch)
      buffer = buffer.slice(maxBatch)
      const delivered = await post(encodeTraces(batch), signal).catch(() => false)
      counts[delivered ? 'sent' : 'droppedFailed'] += batch.length
    }
    running.delete(mine)
  }

  return { enabled: true, add, flush, counts: () => ({ ...counts }) }
}

function poster(endpoint: string, options: OtlpOptions) {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`
  const headers = { ...options.headers, 'content-type': 'application/json' }
  const { fetch } = options
  return async (body: string, signal: AbortSignal): Promise<boolean> => {
    // A redirect is not followed: the headers hold the collector's keys.
    const response = await Promise.race([
      fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal }),
      whenAborted(signal),
    ])
    if (response === 'timeout') return false
    await response.body?.cancel()
    return response.ok
  }
}

/** For a `fetch` that does not listen to its signal. */
const whenAborted = (signal: AbortSignal) =>
  new Promise<'timeout'>((resolve) => signal.addEventListener('abort', () => resolve('timeout'), { once: true }))

/** `OTEL_EXPORTER_OTLP_HEADERS`: `name=value` pairs with commas between, values percent-encoded; what is no pair is skipped. */
export function parseOtlpHeaders(text: string | null | undefined): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const pair of (text ?? '').split(',')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(at, 0)).trim().toLowerCase()
    if (name === '') continue
    const value = pair.slice(at + 1).trim()
    try {
      headers[name] = decodeURIComponent(value)
    } catch {
      headers[name] = value
    }
  }
  return headers
}
