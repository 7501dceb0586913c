/**
 * What a span may say (docs/spec/tracing.md, TR-5). The keys are closed, and each has a rule for its values: a file
 * name, a URL, a token or a message has no key here, and does not pass the rule of another. Names follow the
 * OpenTelemetry semantic conventions where they have one. Tenant and user ids are left out on purpose: a trace goes
 * to the operator's collector, and an upload id leads whoever may know to the tenant.
 */
type ValueRule = 'count' | 'flag' | 'id' | 'word' | 'route' | 'method' | 'sqlstate'

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

type ValueOf<R extends ValueRule> = R extends 'count' ? number : R extends 'flag' ? boolean : string

export type AttributeKey = keyof typeof RULES
export type AttributeValueOf<K extends AttributeKey> = ValueOf<(typeof RULES)[K]>
export type AttributeValue = string | number | boolean
/** An attribute that is `undefined` is left out. */
export type Attributes = { readonly [K in AttributeKey]?: AttributeValueOf<K> | undefined }

export const ATTRIBUTE_KEYS = Object.keys(RULES) as AttributeKey[]

/** Stands where a value broke its rule: the span survives, the value does not. */
export const REFUSED = '[refused]'

/** A segment of at most 32 characters: an id or a token in a path is longer, and only parameters stand in braces. */
const ROUTE = /^(\/([a-z0-9._-]{0,32}|:[A-Za-z]{1,24}|\{[A-Za-z]{1,24}\}|\*))+$/
const TEXT_RULES: Record<'id' | 'word' | 'route' | 'method' | 'sqlstate', RegExp> = {
  id: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  word: /^[a-z][a-z0-9_.-]{0,31}$/,
  route: ROUTE,
  method: /^[A-Z]{3,9}$/,
  sqlstate: /^[0-9A-Z]{5}$/,
}

/** The value, or `REFUSED` where it breaks the rule of its key. */
export function allowedValue(key: AttributeKey, value: AttributeValue): AttributeValue {
  const rule = RULES[key] as ValueRule | undefined
  if (rule === undefined) return REFUSED
  if (rule === 'count') return typeof value === 'number' && Number.isFinite(value) ? value : REFUSED
  if (rule === 'flag') return typeof value === 'boolean' ? value : REFUSED
  return typeof value === 'string' && value.length <= 200 && TEXT_RULES[rule].test(value) ? value : REFUSED
}

/** `word`, `two words`, `GET /v1/files/{id}`: span names are few, so that they can be grouped by. */
export function allowedName(name: string): string {
  if (name.length > 120) return REFUSED
  for (const part of name.split(' ')) {
    if (!TEXT_RULES.word.test(part) && !ROUTE.test(part) && !TEXT_RULES.method.test(part)) return REFUSED
  }
  return name
}
