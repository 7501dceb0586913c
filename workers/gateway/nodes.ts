import { AppError } from '../../core/errors.ts'
import type { NodeId } from '../../core/ids.ts'
import type { NodeState, Outcome, Place } from '../../core/namespace/model.ts'
import type { Precondition } from '../../core/namespace/precondition.ts'
import { attributesBody, copyBody, moveBody, purgeBody, restoreBody, symlinkBody } from '../../protocol/mutations.ts'
import { commitChanges, idParam, mutationIds, reader, unwrapParam, type Call } from './call.ts'
import { answerOne, changeOne, named } from './change-one.ts'
import { readBody } from './read-body.ts'
import { readPrecondition } from './read-precondition.ts'
import { namedPlace, toMutation, toSymlink } from './to-mutation.ts'

/** One change a request. What each becomes is decided where all changes are (core/namespace/decide.ts), as for a push. */

/** How often a rename is tried anew that a move overtakes. */
const MOVE_TRIES = 4

/**
 * POST /v1/nodes/{id}/move. What the request leaves out is read from the node, whose placement revision is then the base: another move
 * that comes between is not undone by a rename, nor a rename by a move.
 */
export async function move(call: Call): Promise<Response> {
  const { mutationId, parent, name, base = null, ifExists, seen = null } = await readBody(call.request, moveBody)
  if (parent === undefined && name === undefined)
    throw new AppError('invalid-request', { field: 'parent', detail: 'a parent, a name, or both' })
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  const told = { kind: 'move', node, base, ifExists, seen } as const
  const asked = { ...told, to: { parent: parent ?? null, name: name?.normalize('NFC') ?? null } }
  const precondition = readPrecondition(call.request.headers, 1)
  for (let tries = 1; ; tries++) {
    const there = parent === undefined || name === undefined ? await placeOf(call, node) : null
    const to = fillPlace({ parent, name }, there)
    const fields = { ...told, to, base: base ?? there?.placementRevision ?? null }
    const mutation = toMutation(call, id, fields, { asked, precondition })
    const [outcome] = await commitChanges(call, [mutation])
    const isOvertaken = base === null && there !== null && isStale(outcome!)
    if (!isOvertaken || tries === MOVE_TRIES) return answerOne(mutation, outcome!)
  }
}

const isStale = (outcome: Outcome): boolean => outcome.outcome === 'rejected' && outcome.code === 'version-conflict'

/** POST /v1/nodes/{id}/copy */
export async function copy(call: Call): Promise<Response> {
  const { mutationId, parent, name, revision = null, ifExists } = await readBody(call.request, copyBody)
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  const told = { kind: 'copy', node, revision, ifExists } as const
  const asked = { ...told, to: { parent, name: name?.normalize('NFC') ?? null } }
  const to = fillPlace({ parent, name }, name === undefined ? await placeOf(call, node) : null)
  return changeOne(call, toMutation(call, id, { ...told, to }, { asked, ...conditionOf(call) }), 201)
}

/** DELETE /v1/nodes/{id}: into the trash. */
export async function moveToTrash(call: Call): Promise<Response> {
  const { mutationId, base = null, seen = null } = call.query as { mutationId?: string; base?: number; seen?: number }
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  return changeOne(call, toMutation(call, id, { kind: 'trash', node, base, seen }, conditionOf(call)))
}

/** POST /v1/nodes/{id}/restore */
export async function restore(call: Call): Promise<Response> {
  const { mutationId, parent, name } = await readBody(call.request, restoreBody)
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  const isToItsPlace = parent === undefined && name === undefined
  const isWhole = parent !== undefined && name !== undefined
  const to = isToItsPlace ? null : fillPlace({ parent, name }, isWhole ? null : await placeOf(call, node))
  const asked = {
    kind: 'restore',
    node,
    to: isToItsPlace ? null : { parent: parent ?? null, name: name?.normalize('NFC') ?? null },
  }
  return changeOne(call, toMutation(call, id, { kind: 'restore', node, to }, { asked, ...conditionOf(call) }))
}

/** POST /v1/nodes/{id}/purge */
export async function purge(call: Call): Promise<Response> {
  const { mutationId } = await readBody(call.request, purgeBody)
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  return changeOne(call, toMutation(call, id, { kind: 'purge', node }, conditionOf(call)))
}

/** PATCH /v1/nodes/{id} */
export async function setAttributes(call: Call): Promise<Response> {
  const { mutationId, ...attributes } = await readBody(call.request, attributesBody)
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  const fields = { kind: 'set-attributes', node, ...present(attributes) } as const
  return changeOne(call, toMutation(call, id, fields, conditionOf(call)))
}

/** POST /v1/symlinks */
export async function createSymlink(call: Call): Promise<Response> {
  const { mutationId, parent, name, target, base, mtimeNs } = await readBody(call.request, symlinkBody)
  const id = mutationIds(call)(mutationId, 0)
  const link = { target: { parent: parent as NodeId, name }, base, linkTarget: target, mtimeNs }
  const precondition = readPrecondition(call.request.headers, 1)
  const mutation = named(() => toSymlink(call, id, link, precondition))
  return changeOne(call, mutation, 201)
}

const conditionOf = (call: Call): { precondition?: Precondition } => {
  const precondition = readPrecondition(call.request.headers, 1)
  return precondition ? { precondition } : {}
}

/** Where a node is, though it may be in the trash: what becomes of a change of it is decided later. */
const placeOf = async (call: Call, id: NodeId): Promise<NodeState> =>
  unwrapParam('id', await reader(call).placed(call.principal.sessionId, id))

/** The root of a space is in no folder: it stands for its own parent, and the decision refuses. */
function fillPlace(told: { parent?: string | undefined; name?: string | undefined }, there: NodeState | null): Place {
  const parent = told.parent ?? there?.parentId ?? there?.id
  return namedPlace({ parent: parent as NodeId, name: told.name ?? there?.name ?? '' }, 'name')
}

/** Without the members that are `undefined`. */
const present = <T extends object>(some: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as never
