import type { SpaceId } from '../../core/ids.ts'
import { spaceSettingsBody, type SpaceSettings } from '../../protocol/mutations.ts'
import { idParam, json, reader, unwrapParam, type Call } from './call.ts'
import { readBody } from './read-body.ts'

/** PATCH /v1/spaces/{id}: how long the trash and old versions are kept. For managers of the space. */
export async function setSpace(call: Call): Promise<Response> {
  const settings = await readBody(call.request, spaceSettingsBody)
  const id = idParam(call, 'id') as SpaceId
  const stored = unwrapParam('id', await reader(call).setSpace(call.principal.sessionId, id, settings))
  return json(stored satisfies SpaceSettings)
}
