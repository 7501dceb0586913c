import { isRetryable, type AppError } from '../../core/errors.ts'
import {
  MAX_ATTEMPTS,
  type BusMessage,
  type Consume,
  type Delivery,
  type EventKind,
  type Verdict,
} from '../../core/event-bus.ts'
import type { Faults } from '../../core/fault-points.ts'
import type { ObjectStore } from '../../core/object-store.ts'
import type { Db } from '../../db/connect.ts'
import { toAppError } from '../../durable-objects/database-failure.ts'
import { metrics } from '../../durable-objects/metrics.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Tracer } from '../../telemetry/tracer.ts'
import { collectOrphans } from './gc/collect-orphans.ts'
import { sweepUpload } from './gc/sweep-upload.ts'
import { meterJournal } from './meter/meter-journal.ts'
import { purgeNodes } from './purge/purge-nodes.ts'
import { keepRetention, type RetentionDeps } from './retention/keep-retention.ts'
import { verifyObject } from './verify/verify-object.ts'

export type ConsumerDeps = {
  /** Of the system role. */
  db: Db
  store: ObjectStore
  /** Unix milliseconds. */
  now: () => number
  /** How long what nobody refers to is kept. Longer than any PUT may take, or its object comes after the sweep. */
  graceMs: number
  faults: Faults
  tracer: Tracer
  log: Logger
} & Pick<RetentionDeps, 'commit' | 'freshId' | 'keepJournal'>

/** Handles any message; each consumer re-reads the present rows, so that a second delivery or another order does nothing new. */
export function consumers(deps: ConsumerDeps): Consume {
  return ({ message, attempt }) =>
    deps.tracer.span(
      `consume ${message.kind}`,
      {
        parent: message.traceparent,
        kind: 'consumer',
        attributes: {
          'messaging.operation.name': 'process',
          'messaging.message.id': message.id,
          'bitvault.event.kind': message.kind,
          'bitvault.attempt': attempt,
        },
      },
      async (span) => {
        const verdict = await dispatch(message, deps).catch((thrown: unknown) => {
          const error = toAppError(thrown)
          logFailure(deps.log, { message, attempt }, error)
          countDelivery(message, 'retry')
          // What nobody expected keeps its own name, which tells more in a dead letter.
          throw error.code === 'internal' ? thrown : error
        })
        span.set('bitvault.verdict', verdict.do)
        countDelivery(message, verdict.do)
        return verdict
      },
    )
}

const CONSUMER = {
  'journal.appended': 'meter',
  'pack.uploaded': 'verify',
  'upload.expired': 'gc',
  'chunks.orphaned': 'gc',
  'node.purged': 'gc',
  'retention.due': 'gc',
} as const satisfies Record<EventKind, string>

const countDelivery = ({ kind }: BusMessage, verdict: Verdict['do']): void =>
  metrics().product.deliveries.add({ consumer: CONSUMER[kind], verdict })

function dispatch(message: BusMessage, deps: ConsumerDeps): Promise<Verdict> {
  switch (message.kind) {
    case 'journal.appended':
      return meterJournal(message, deps)
    case 'pack.uploaded':
      return verifyObject(message, deps)
    case 'upload.expired':
      return sweepUpload(message, deps)
    case 'chunks.orphaned':
      return collectOrphans(message, deps)
    case 'node.purged':
      return purgeNodes(message, deps)
    case 'retention.due':
      return keepRetention(message, deps)
  }
}

/** A store or a database that is away for a moment is nothing to get up for: only what is given up, or cannot mend itself, is an error. */
function logFailure(log: Logger, { message, attempt }: Delivery, error: AppError): void {
  const { id, tenantId, kind } = message
  const fields = { messageId: id, tenantId, eventKind: kind, attempt }
  const cause = error.cause ?? error
  if (isRetryable(error.code) && attempt < MAX_ATTEMPTS) log.retried('consumer.retried', error.code, cause, fields)
  else log.error('consumer.failed', error.code, cause, fields)
}
