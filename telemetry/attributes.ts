import { allowed, type AllowedValue, type ValueOf, type ValueRule } from './allowed-values.ts'

/**
 * What a span may say (docs/spec/tracing.md, TR-5). The keys are closed, and each has a rule for its values: a file
 * name, a URL, a token or a message has no key here, and does not pass the rule of another. Names follow the
 * OpenTelemetry semantic conventions where they have one. Tenant and user ids are left out on purpose: a trace goes
 * to the operator's collector, and an upload id leads whoever may know to the tenant.
 */

const RULES = {
  'http.request.method': 'method',
  'http.route': 'route',
  'http.response.status_code': 'count',
  'http.request.body.size': 'count',
  'http.response.body.size': 'count',
  'db.system.name': 'word',
  'db.operation.name': 'word',
  'db.operation.batch.size': 'count',
  'db.response.returned_rows': 'count',
  'db.response.status_code': 'sqlstate',
  'messaging.system': 'word',
  'messaging.destination.name': 'word',
  'messaging.operation.name': 'word',
  'messaging.batch.message_count': 'count',
  'messaging.message.id': 'id',
  'error.type': 'word',
  'bitvault.request.id': 'id',
  'bitvault.upload.id': 'id',
  'bitvault.mutation.id': 'id',
  'bitvault.node.id': 'id',
  'bitvault.device.id': 'id',
  'bitvault.command': 'word', // of the CLI: put, get, ls
  'bitvault.operation': 'word', // of the journal, the object store, a consumer
  'bitvault.event.kind': 'word',
  'bitvault.verdict': 'word', // ack, retry, dead-letter
  'bitvault.attempt': 'count',
  'bitvault.retries': 'count',
  'bitvault.replayed': 'flag', // an earlier answer was given again
  'bitvault.byte.way': 'word', // direct, gateway, derive, inline
  'bitvault.codec': 'word',
  'bitvault.bytes': 'count',
  'bitvault.files': 'count',
  'bitvault.chunks': 'count',
  'bitvault.chunks.missing': 'count',
  'bitvault.objects': 'count',
  'bitvault.mutations': 'count', // in one group commit
  'bitvault.journal.seq': 'count',
  'bitvault.journal.lease': 'count',
  'bitvault.queue.wait_ms': 'count',
} as const satisfies Record<string, ValueRule>

export type AttributeKey = keyof typeof RULES
export type AttributeValueOf<K extends AttributeKey> = ValueOf<(typeof RULES)[K]>
export type AttributeValue = AllowedValue
/** An attribute that is `undefined` is left out. */
export type Attributes = { readonly [K in AttributeKey]?: AttributeValueOf<K> | undefined }

export const ATTRIBUTE_KEYS = Object.keys(RULES) as AttributeKey[]

/** The value, or `REFUSED` where it breaks the rule of its key. */
export const allowedValue = (key: AttributeKey, value: AttributeValue): AttributeValue => allowed(RULES[key], value)
