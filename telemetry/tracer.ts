import { AppError, ERROR_CODES, type ErrorCode } from '../core/errors.ts'
import {
  childOf,
  formatTraceparent,
  isSampled,
  parseTraceparent,
  RANDOM_BYTES,
  type SpanContext,
} from '../core/trace-context.ts'
import { allowedName } from './allowed-values.ts'
import {
  allowedValue,
  type AttributeKey,
  type Attributes,
  type AttributeValue,
  type AttributeValueOf,
} from './attributes.ts'
import type { Component, FinishedSpan, SpanExporter, SpanKind } from './span.ts'

/**
 * One tracer a component (docs/spec/tracing.md, docs/adr/0012-own-small-tracer.md). There is no ambient "current
 * span": a span is handed down like any other argument, so that the same code runs in workerd, Node and a browser.
 *
 *   traceparent ──► span ──► child ──► …       each ends with its function, then goes to the exporter's buffer
 *                     └────► traceparent() ──► header, call argument, outbox row, message
 */
export type SpanOptions = {
  kind?: SpanKind
  /** For a component without a process of ours: `postgres`, `object-store`. */
  component?: Component
  attributes?: Attributes
}

/** A `traceparent` that does not parse counts as none. */
export type SpanParent = SpanContext | string | null | undefined

/** Something that has happened already, such as the one transaction that served many callers. */
export type PastSpan = SpanOptions & { startMs: number; endMs: number; error?: ErrorCode | null }

export interface Span {
  /** `null` when nothing is traced: no exporter here, and no context came in. */
  readonly context: SpanContext | null
  readonly recording: boolean
  /** What the next component gets; `null` means: send none. */
  traceparent(): string | null
  set<K extends AttributeKey>(key: K, value: AttributeValueOf<K>): void
  /** Marks the span failed where the error is answered, not thrown. */
  fail(code: ErrorCode): void
  /** Runs `work` in a span below this one. Throws what `work` throws. */
  child<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T> | T): Promise<T>
  /** Adds a span below this one after the fact; answers its context, or this one's when nothing is recorded. */
  record(name: string, past: PastSpan): SpanContext | null
}

export interface Tracer {
  /** Runs `work` in a span below `parent`, or in a new trace. Throws what `work` throws. */
  span<T>(name: string, options: SpanOptions & { parent: SpanParent }, work: (span: Span) => Promise<T> | T): Promise<T>
  /** As `Span.record`, below a context that came from elsewhere. */
  record(name: string, past: PastSpan & { parent: SpanParent }): SpanContext | null
  /** The tracer's clock, Unix milliseconds: for the times of `record`. */
  now(): number
}

export type TracerOptions = {
  component: Component
  exporter: SpanExporter
  /** Unix milliseconds, with a fraction where the platform has one. */
  clock: () => number
  /** As many random bytes as asked. */
  random: (length: number) => Uint8Array
  /** Share of new traces that are kept, 0 to 1; default 1. A trace that came in is kept as its sender decided. */
  sampleRatio?: number
}

export function createTracer(options: TracerOptions): Tracer {
  const { component, exporter, clock, sampleRatio = 1 } = options
  const world: World = { component, exporter, clock, draw: pooled(options.random) }

  const open = (name: string, parent: SpanParent, spanOptions: SpanOptions): Span => {
    const above = typeof parent === 'string' ? parseTraceparent(parent) : (parent ?? null)
    if (above !== null)
      return above.sampled && exporter.enabled ? begin(world, name, above, spanOptions) : silent(above)
    if (!exporter.enabled) return SILENT
    const root = childOf(null, world.draw(RANDOM_BYTES.root))
    if (!isSampled(root.traceId, sampleRatio)) return silent({ ...root, sampled: false })
    return new RecordedSpan(world, name, { context: root, parentSpanId: null }, spanOptions)
  }

  return {
    span: (name, spanOptions, work) => run(open(name, spanOptions.parent, spanOptions), work),
    record(name, past) {
      const span = open(name, past.parent, past)
      if (span instanceof RecordedSpan) span.endInThePast(past)
      return span.context
    },
    now: clock,
  }
}

type World = { component: Component; exporter: SpanExporter; clock: () => number; draw: (length: number) => Uint8Array }
type Place = { context: SpanContext; parentSpanId: string | null }

const begin = (world: World, name: string, parent: SpanContext, options: SpanOptions): RecordedSpan =>
  new RecordedSpan(
    world,
    name,
    { context: childOf(parent, world.draw(RANDOM_BYTES.child)), parentSpanId: parent.spanId },
    options,
  )

async function run<T>(span: Span, work: (span: Span) => Promise<T> | T): Promise<T> {
  if (!(span instanceof RecordedSpan)) return work(span)
  try {
    return await work(span)
  } catch (error) {
    span.fail(codeOf(error))
    throw error
  } finally {
    span.end()
  }
}

class RecordedSpan implements Span {
  readonly context: SpanContext
  readonly recording = true
  readonly #world: World
  readonly #data: FinishedSpan
  #ended = false

  constructor(world: World, name: string, place: Place, options: SpanOptions) {
    this.#world = world
    this.context = place.context
    const startMs = world.clock()
    this.#data = {
      traceId: place.context.traceId,
      spanId: place.context.spanId,
      parentSpanId: place.parentSpanId,
      name: allowedName(name),
      component: options.component ?? world.component,
      kind: options.kind ?? 'internal',
      startMs,
      endMs: startMs,
      attributes: {},
      error: null,
    }
    if (options.attributes !== undefined) this.#setAll(options.attributes)
  }

  traceparent(): string {
    return formatTraceparent(this.context)
  }

  set(key: AttributeKey, value: AttributeValue): void {
    this.#data.attributes[key] = allowedValue(key, value)
  }

  fail(code: ErrorCode): void {
    this.#data.error = code
    this.#data.attributes['error.type'] = code
  }

  child<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T> | T): Promise<T> {
    return run(begin(this.#world, name, this.context, options), work)
  }

  record(name: string, past: PastSpan): SpanContext {
    const span = begin(this.#world, name, this.context, past)
    span.endInThePast(past)
    return span.context
  }

  end(): void {
    this.#finish(this.#world.clock())
  }

  endInThePast(past: PastSpan): void {
    this.#data.startMs = past.startMs
    if (past.error) this.fail(past.error)
    this.#finish(past.endMs)
  }

  #finish(endMs: number): void {
    if (this.#ended) return
    this.#ended = true
    // A wall clock may be set back; a span never ends before it began.
    this.#data.endMs = Math.max(endMs, this.#data.startMs)
    this.#world.exporter.add(this.#data)
  }

  #setAll(attributes: Attributes): void {
    for (const key in attributes) {
      const value = attributes[key as AttributeKey]
      if (value !== undefined) this.set(key as AttributeKey, value)
    }
  }
}

/** Carries a context on without recording; its children are itself, so that they cost a call and nothing more. */
function silent(context: SpanContext | null): Span {
  const span: Span = {
    context,
    recording: false,
    traceparent: () => (context === null ? null : formatTraceparent(context)),
    set: () => {},
    fail: () => {},
    child: async (_name, _options, work) => work(span),
    record: () => context,
  }
  return span
}

const SILENT = silent(null)

/** For code that wants a span where nobody traces: tests, one-off tools. */
export const silentSpan: Span = SILENT

const KNOWN_CODES: ReadonlySet<string> = new Set(ERROR_CODES)

/** Only a code leaves the process: messages may hold names and URLs. An error that crossed a call has lost its class. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof AppError) return error.code
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && KNOWN_CODES.has(code) ? (code as ErrorCode) : 'internal'
}

/** One call to the platform's dice costs more than a span, so that they are thrown for about sixty spans at once. */
function pooled(random: (length: number) => Uint8Array, poolBytes = 512): (length: number) => Uint8Array {
  let pool = new Uint8Array(0)
  let used = 0
  return (length) => {
    if (used + length > pool.length) {
      pool = Uint8Array.from(random(poolBytes))
      used = 0
    }
    used += length
    return pool.subarray(used - length, used)
  }
}
