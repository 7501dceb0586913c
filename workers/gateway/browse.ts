import { entityTag } from '../../core/namespace/precondition.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeId } from '../../core/ids.ts'
import { findNameFault, nameKey } from '../../core/names.ts'
import type { SpaceAccess } from '../../db/tenant/principal.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { idParam, json, reader, unwrapParam, type Call } from './call.ts'

/** Names in a path; deeper than any tree that a person makes, shallow enough for one recursive query. */
const PATH_MAX_DEPTH = 1_000

const spaceWire = ({ id, name, kind, rootId, role, mine }: SpaceAccess) => ({
  id,
  name: mine && kind === 'personal' ? 'home' : name,
  kind,
  rootId,
  role,
})

export async function spaces(call: Call): Promise<Response> {
  const found = unwrap(await reader(call).spaces(call.principal.sessionId))
  return json({ spaces: found.map(spaceWire) })
}

export async function resolve(call: Call): Promise<Response> {
  const names = (call.query.path as string).split('/').filter((name) => name !== '')
  const [space, ...rest] = names
  if (space === undefined)
    throw new AppError('invalid-request', { field: 'path', detail: 'a path begins with a space: home/photos' })
  if (rest.length > PATH_MAX_DEPTH)
    throw new AppError('invalid-request', { field: 'path', detail: `at most ${PATH_MAX_DEPTH} names` })
  // Nothing can have a bad name, so the walk ends before it; Postgres could not even be asked about some.
  const bad = rest.findIndex((name) => findNameFault(name) !== null)
  const walkable = bad === -1 ? rest : rest.slice(0, bad)
  const walked = unwrap(await reader(call).walk(call.principal.sessionId, space, walkable))
  const deepest = walked.nodes.at(-1)
  if (!deepest) throw new AppError('not-found', { field: 'path' })
  const missing = rest.slice(walked.nodes.length - 1)
  return json({ space: spaceWire(walked.space), node: missing.length === 0 ? deepest : null, deepest, rest: missing })
}

export async function stat(call: Call): Promise<Response> {
  const node = unwrapParam('id', await reader(call).node(call.principal.sessionId, idParam(call, 'id') as NodeId))
  const etag = entityTag(node)
  if (call.request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } })
  return json(node, 200, { etag })
}

export async function children(call: Call): Promise<Response> {
  const { limit, after } = call.query as { limit: number; after?: string }
  const id = idParam(call, 'id') as NodeId
  const page = unwrapParam('id', await reader(call).children(call.principal.sessionId, id, after ?? null, limit))
  const last = page.children.at(-1)
  return json({ ...page, next: last && page.children.length === limit ? nameKey(last.name) : null })
}
