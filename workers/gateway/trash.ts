import { AppError } from '../../core/errors.ts'
import { isUuid, type NodeId, type SpaceId } from '../../core/ids.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import type { TrashReply } from '../../protocol/mutations.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { json, reader, type Call } from './call.ts'

/** GET /v1/trash: what was deleted by itself, the newest first. */
export async function trash(call: Call): Promise<Response> {
  const { limit, after, space } = call.query as { limit: number; after?: string; space?: SpaceId }
  const from = after === undefined ? null : parsePlace(after)
  const items = unwrap(await reader(call).trash(call.principal.sessionId, { space: space ?? null, after: from, limit }))
  const last = items.at(-1)
  const next = last && items.length === limit ? formatPlace(last.node) : null
  return json({ items, next } satisfies TrashReply)
}

/** A place in the listing. */
type TrashPlace = { trashedAt: number; id: NodeId }

const formatPlace = ({ trashedAt, id }: NodeState): string => `${trashedAt}.${id}`

/** The year 9999: what comes later, Postgres may not know how to read. */
const LAST_MS = 253_370_764_800_000

/** @throws invalid-request */
function parsePlace(text: string): TrashPlace {
  const [time = '', id = '', more] = text.split('.')
  const trashedAt = /^\d{1,15}$/.test(time) ? Number(time) : Infinity
  if (more === undefined && trashedAt < LAST_MS && isUuid(id)) return { trashedAt, id: id as NodeId }
  throw new AppError('invalid-request', { field: 'after', detail: 'as `next` of the page before gave it' })
}
