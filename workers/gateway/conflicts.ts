import { AppError } from '../../core/errors.ts'
import { isUuid, type MutationId, type SpaceId } from '../../core/ids.ts'
import { resolveConflictBody, type ConflictsReply, type ConflictWire } from '../../protocol/mutations.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { idParam, json, mutationIds, reader, unwrapParam, type Call } from './call.ts'
import { changeOne } from './change-one.ts'
import { serveContent } from './content.ts'
import { readBody } from './read-body.ts'
import { toMutation } from './to-mutation.ts'

/** GET /v1/conflicts: the newest first. */
export async function conflicts(call: Call): Promise<Response> {
  const { limit, after, space, state } = call.query as {
    limit: number
    after?: string
    space?: SpaceId
    state: 'open' | 'all'
  }
  if (after !== undefined && !isUuid(after))
    throw new AppError('invalid-request', { field: 'after', detail: 'as `next` of the page before gave it' })
  const page = { space: space ?? null, onlyOpen: state === 'open', after: (after as MutationId) ?? null, limit }
  const found = unwrap(await reader(call).conflicts(call.principal.sessionId, page))
  const next = found.length === limit ? (found.at(-1)?.id ?? null) : null
  return json({ conflicts: found, next } satisfies ConflictsReply)
}

/** GET /v1/conflicts/{id} */
export async function conflict(call: Call): Promise<Response> {
  const id = idParam(call, 'id') as MutationId
  const found = unwrapParam('id', await reader(call).conflict(call.principal.sessionId, id))
  return json(found satisfies ConflictWire)
}

/** GET /v1/conflicts/{id}/content: what the write that came second holds, also where it stands nowhere in the tree. */
export async function conflictContent(call: Call): Promise<Response> {
  const id = idParam(call, 'id') as MutationId
  return serveContent(call, unwrapParam('id', await reader(call).conflictContent(call.principal.sessionId, id)))
}

/** POST /v1/conflicts/{id}/resolve */
export async function resolveConflict(call: Call): Promise<Response> {
  const { mutationId, choice, base = null } = await readBody(call.request, resolveConflictBody)
  const id = mutationIds(call)(mutationId, 0)
  const named = idParam(call, 'id') as MutationId
  return changeOne(call, toMutation(call, id, { kind: 'resolve-conflict', conflict: named, choice, base }))
}
