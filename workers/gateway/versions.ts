import type { NodeId } from '../../core/ids.ts'
import { labelVersionBody, restoreVersionBody, type VersionsReply } from '../../protocol/mutations.ts'
import { idParam, json, mutationIds, reader, unwrapParam, type Call } from './call.ts'
import { changeOne, revisionParam } from './change-one.ts'
import { readBody } from './read-body.ts'
import { readPrecondition } from './read-precondition.ts'
import { toMutation } from './to-mutation.ts'

/** GET /v1/files/{id}/versions: the newest first. */
export async function versions(call: Call): Promise<Response> {
  const { limit, after } = call.query as { limit: number; after?: number }
  const id = idParam(call, 'id') as NodeId
  const page = unwrapParam('id', await reader(call).versions(call.principal.sessionId, id, after ?? null, limit))
  const last = page.versions.at(-1)
  const next = last && page.versions.length === limit && last.revision > 1 ? last.revision : null
  return json({ ...page, next } satisfies VersionsReply)
}

/** PATCH /v1/files/{id}/versions/{revision} */
export async function labelVersion(call: Call): Promise<Response> {
  const { mutationId, label } = await readBody(call.request, labelVersionBody)
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  return changeOne(call, toMutation(call, id, { kind: 'label-version', node, revision: revisionParam(call), label }))
}

/** POST /v1/files/{id}/versions/{revision}/restore */
export async function restoreVersion(call: Call): Promise<Response> {
  const { mutationId, base = null } = await readBody(call.request, restoreVersionBody)
  const id = mutationIds(call)(mutationId, 0)
  const node = idParam(call, 'id') as NodeId
  const fields = { kind: 'restore-version', node, revision: revisionParam(call), base } as const
  const precondition = readPrecondition(call.request.headers, 1)
  return changeOne(call, toMutation(call, id, fields, { precondition }))
}
