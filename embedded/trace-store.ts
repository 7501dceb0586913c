import type { CollectedSpan } from '../telemetry/span.ts'

/** The last traces, in the order in which they were last heard of, and those who wait for one. */
export type TraceStoreLimits = { maxTraces: number; maxSpansPerTrace: number }

type Spans = readonly CollectedSpan[]
type Waiter = { traceId: string; check: (traceId: string, spans: Spans) => void; cancel: (why: string) => void }

export function createTraceStore({ maxTraces, maxSpansPerTrace }: TraceStoreLimits) {
  const traces = new Map<string, CollectedSpan[]>()
  const waiters = new Set<Waiter>()

  const add = (spans: Spans) => {
    const touched = new Set<string>()
    for (const span of spans) {
      const trace = traces.get(span.traceId) ?? []
      // An exporter that got no answer may send a batch again.
      const isNew = trace.length < maxSpansPerTrace && !trace.some(({ spanId }) => spanId === span.spanId)
      if (isNew) trace.push(span)
      traces.delete(span.traceId)
      traces.set(span.traceId, trace)
      touched.add(span.traceId)
    }
    for (const traceId of touched) for (const waiter of waiters) waiter.check(traceId, traces.get(traceId) ?? [])
    for (const oldest of traces.keys()) {
      if (traces.size <= maxTraces) break
      traces.delete(oldest)
    }
  }

  const waitFor = (traceId: string, predicate: (spans: Spans) => boolean, timeoutMs: number): Promise<Spans> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        waiters.delete(waiter)
      }
      const waiter: Waiter = {
        traceId,
        check(changed, spans) {
          if ((traceId !== 'any' && traceId !== changed) || !predicate(spans)) return
          leave()
          resolve([...spans])
        },
        cancel(why) {
          leave()
          reject(new Error(`${why}: ${describe(traceId, traces)}`))
        },
      }
      const timer = setTimeout(() => waiter.cancel(`the trace did not come within ${timeoutMs} ms`), timeoutMs)
      waiters.add(waiter)
      for (const [id, spans] of traces) if (waiters.has(waiter)) waiter.check(id, spans)
    })

  return {
    add,
    waitFor,
    all: (): ReadonlyMap<string, Spans> => traces,
    close: () => waiters.forEach((waiter) => waiter.cancel('the collector was stopped')),
  }
}

function describe(traceId: string, traces: ReadonlyMap<string, Spans>): string {
  if (traceId === 'any') return `${traces.size} traces arrived`
  const names = (traces.get(traceId) ?? []).map((span) => `${span.component} ${span.name}`)
  return names.length === 0 ? 'nothing arrived' : `arrived: ${names.join(', ')}`
}
