import type { BusMessage, EventKind } from '../core/event-bus.ts'
import { isUuid } from '../core/ids.ts'

const KINDS: Record<EventKind, true> = {
  'journal.appended': true,
  'upload.expired': true,
  'chunks.orphaned': true,
  'pack.uploaded': true,
  'node.purged': true,
  'retention.due': true,
}

const TRACEPARENT_MAX_LENGTH = 60
const PAYLOAD_MAX_ENTRIES = 16

/** What came over a queue, checked once. `null`: not one of our messages, or of a version that we do not know. */
export function parseMessage(body: unknown): BusMessage | null {
  if (!isRecord(body)) return null
  const { id, tenantId, kind, payload, traceparent } = body
  if (typeof id !== 'string' || !isUuid(id) || typeof tenantId !== 'string' || !isUuid(tenantId)) return null
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind) || !isPayload(payload)) return null
  if (traceparent !== null && (typeof traceparent !== 'string' || traceparent.length > TRACEPARENT_MAX_LENGTH))
    return null
  return { id, tenantId: tenantId as BusMessage['tenantId'], kind: kind as EventKind, payload, traceparent }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isPayload(value: unknown): value is BusMessage['payload'] {
  if (!isRecord(value)) return false
  const values = Object.values(value)
  return values.length <= PAYLOAD_MAX_ENTRIES && values.every((v) => typeof v === 'string' || typeof v === 'number')
}
