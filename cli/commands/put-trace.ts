import type { CollectedSpan, FinishedSpan } from '../../telemetry/span.ts'
import { unixNano } from '../../telemetry/otlp-json.ts'
import type { Connection } from '../connection.ts'
import type { Say } from '../say.ts'
import { renderTraceTree } from '../trace-tree.ts'
import type { World } from '../world.ts'

const WAIT_MS = 5_000
const POLL_MS = 250

type TraceWork = {
  connection: Connection
  world: World
  say: Say
  traceId: string
  own: readonly FinishedSpan[]
  /** Something was committed, so that consumers have work. */
  isCommitted: boolean
}

/** The CLI's own spans and what the server has of the same trace, as one tree. Consumers come last: it waits for them a little. */
export async function printTrace(work: TraceWork): Promise<void> {
  const { world, say, traceId, own } = work
  const mine = own.map(asCollected)
  const theirs = await collect(work, mine)
  const ids = new Set(mine.map((span) => span.spanId))
  const spans = [...mine, ...theirs.filter((span) => !ids.has(span.spanId))]
  await say.json({ event: 'trace', traceId, spans })
  const { columns, isTerminal } = world.stdout
  const color = say.paint('bold', 'x') !== 'x'
  await say.lines(['', renderTraceTree(spans, { width: isTerminal ? columns : 100, color }).trimEnd()])
  if (theirs.length === 0)
    await say.note('The server keeps no traces that you may see: only the part of this computer is shown.')
}

/** Asks until the tree is whole and has stopped growing, or the time is over; a server without traces answers with none. */
async function collect(work: TraceWork, mine: readonly CollectedSpan[]): Promise<readonly CollectedSpan[]> {
  const { world, traceId, isCommitted } = work
  const untilMs = world.now() + WAIT_MS
  let spans: readonly CollectedSpan[] = []
  for (;;) {
    const before = spans
    try {
      spans = await fetchSpans(work.connection.api, traceId)
    } catch {
      return before
    }
    const isSettled = spans.length > 0 && spans.length === before.length && isWhole([...mine, ...spans], isCommitted)
    if (isSettled || world.now() + POLL_MS > untilMs) return spans
    await world.sleep(POLL_MS, world.signal)
  }
}

const fetchSpans = (api: Connection['api'], traceId: string): Promise<CollectedSpan[]> =>
  api.transport.call({
    method: 'GET',
    route: '/v1/traces/{traceId}',
    path: `/v1/traces/${traceId}`,
    parse: (json) => (json as { spans: CollectedSpan[] }).spans,
  })

/** Every parent is there, and the work after the commit has shown itself. */
const isWhole = (spans: readonly CollectedSpan[], isCommitted: boolean): boolean => {
  const ids = new Set(spans.map((span) => span.spanId))
  const hasParents = spans.every((span) => span.parentSpanId === null || ids.has(span.parentSpanId))
  return hasParents && (!isCommitted || spans.some((span) => span.component === 'consumer'))
}

const asCollected = ({ startMs, endMs, error, ...span }: FinishedSpan): CollectedSpan => ({
  ...span,
  startNs: unixNano(startMs),
  endNs: unixNano(endMs),
  status: error === null ? { code: 'unset' } : { code: 'error', message: error },
})
