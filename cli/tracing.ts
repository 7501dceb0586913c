import { otlpExporter, parseOtlpHeaders } from '../telemetry/otlp.ts'
import type { SpanExporter } from '../telemetry/span.ts'
import { createTracer, type Span } from '../telemetry/tracer.ts'
import type { World } from './world.ts'

/** A collector that does not answer may hold the prompt no longer than this. */
const EXPORT_MS = 2_000

/**
 * Runs a command as the root of a trace, so that what the server does for it hangs below. Spans go to the collector of
 * OTEL_EXPORTER_OTLP_ENDPOINT, and to `keep`.
 * @param command of the closed set of command names: `put`, `token-create`
 */
export async function traceCommand<T>(
  world: World,
  command: string,
  keep: SpanExporter | null,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const otlp = otlpExporter({
    endpoint: world.env['OTEL_EXPORTER_OTLP_ENDPOINT'],
    headers: parseOtlpHeaders(world.env['OTEL_EXPORTER_OTLP_HEADERS']),
    fetch: world.fetch,
    timeoutMs: EXPORT_MS,
  })
  const exporter = keep === null ? otlp : both(otlp, keep)
  const clock = () => performance.timeOrigin + performance.now()
  const tracer = createTracer({ component: 'cli', exporter, clock, random: world.random })
  try {
    return await tracer.span(`bitvault ${command}`, { parent: null, attributes: { 'bitvault.command': command } }, work)
  } finally {
    await otlp.flush()
  }
}

const both = (a: SpanExporter, b: SpanExporter): SpanExporter => ({
  enabled: true,
  add(span) {
    a.add(span)
    b.add(span)
  },
  flush: async () => void (await Promise.all([a.flush(), b.flush()])),
})
