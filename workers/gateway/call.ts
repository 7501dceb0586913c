import type { Mutation, Outcome } from '../../core/namespace/model.ts'
import { splitByRows } from '../../core/namespace/weight.ts'
import type { Principal } from '../../core/principal.ts'
import type { Faults } from '../../core/fault-points.ts'
import type { ObjectStore } from '../../core/object-store.ts'
import { uuidV7 } from '../../core/ids.ts'
import { AppError } from '../../core/errors.ts'
import type { Config } from '../../durable-objects/config.ts'
import { unwrap, type Reply } from '../../durable-objects/reply.ts'
import type { Span } from '../../telemetry/tracer.ts'
import { uuidFromName } from './hash.ts'
import { journalOf, readerOf } from './places.ts'

/** What a handler gets: the request, who asks, and the ports. Made once a request by app.ts. */
export type Call = {
  env: Env
  config: Config
  request: Request
  url: URL
  params: Record<string, string>
  query: Record<string, unknown>
  principal: Principal
  store: ObjectStore
  span: Span
  faults: Faults
  now: number
  waitUntil(work: Promise<unknown>): void
}

export const journal = (call: Call) => journalOf(call.env, call.principal.tenantId)
export const reader = (call: Call) => readerOf(call.env, call.principal.tenantId)
export const actorOf = ({ principal }: Call) => ({ userId: principal.userId, sessionId: principal.sessionId })

/** One call's message to a journal ends at 32 MiB; a chunk, with where it lies, is up to half a kilobyte of it. */
const CALL_MAX_ROWS = 70_000

const OF_THE_REQUEST: ReadonlySet<string> = new Set(['session-revoked', 'resync-required'])

/**
 * Has the journal decide these changes; their outcomes come in the same order. Very many chunks go in several calls, so when a
 * later one fails the earlier are done: the repeated request gets their first answers (I11).
 * @throws session-revoked, resync-required: the end of a session or of an epoch is the request's own problem, not one of each change
 */
export async function commitChanges(call: Call, mutations: Mutation[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const part of splitByRows(mutations, CALL_MAX_ROWS)) outcomes.push(...unwrap(await journal(call).commit(part)))
  for (const outcome of outcomes)
    if (outcome.outcome === 'rejected' && OF_THE_REQUEST.has(outcome.code))
      throw new AppError(outcome.code, outcome.facts)
  return outcomes
}

export const freshUuid = (now: number): string => uuidV7(now, crypto.getRandomValues(new Uint8Array(10)))

const KEY = /^[\x21-\x7e]{1,255}$/

/** The mutation id of the `index`th change of a request: the client's own, or one that its Idempotency-Key determines, or a new one. */
export function mutationIds(call: Call): (own: string | undefined, index: number) => string {
  const key = call.request.headers.get('idempotency-key')
  if (key !== null && !KEY.test(key)) {
    throw new AppError('invalid-request', { field: 'Idempotency-Key', detail: '1 to 255 visible ASCII characters' })
  }
  return (own, index) => {
    if (own !== undefined) return own
    if (key === null) return freshUuid(call.now)
    return uuidFromName(`${call.principal.tenantId} ${call.principal.userId} ${index} ${key}`)
  }
}

/** @throws not-found: a malformed id names nothing, and is told apart from an unknown one by nobody */
export function idParam(call: Call, name: string): string {
  const value = call.params[name] ?? ''
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) throw new AppError('not-found', { field: name })
  return value
}

const OF_AN_ID: ReadonlySet<string> = new Set(['not-found', 'not-a-folder', 'not-a-file'])

/** The answer to a question about the thing that a path parameter names. @throws AppError, which names the parameter */
export function unwrapParam<T>(field: string, answer: Reply<T>): T {
  if (answer.ok || answer.facts.field !== undefined || !OF_AN_ID.has(answer.code)) return unwrap(answer)
  throw new AppError(answer.code, { field, ...answer.facts })
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'private, no-store', ...headers },
  })
