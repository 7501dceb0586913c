import type { z } from 'zod'
import type { DeviceId } from '../../core/ids.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { deviceBody, devicePatch, type deviceRemoval, type DeviceWire } from '../../protocol/live.ts'
import { idParam, json, journal, unwrapParam, type Call } from '../gateway/call.ts'
import { readBody } from '../gateway/read-body.ts'

/** POST /v1/devices: this session is on a new device, or on one of the caller's that is known. */
export async function registerDevice(call: Call): Promise<Response> {
  const { id = null, name, platform } = await readBody(call.request, deviceBody)
  const about = { id: id as DeviceId | null, name, platform }
  const device = unwrapParam('id', await journal(call).registerDevice(call.principal.sessionId, about))
  return json(device satisfies DeviceWire, id === null ? 201 : 200)
}

export async function devices(call: Call): Promise<Response> {
  return json({ devices: unwrap(await journal(call).devices(call.principal.sessionId)) satisfies DeviceWire[] })
}

/** PATCH /v1/devices/:id: what keeps it from synchronising. */
export async function reportDevice(call: Call): Promise<Response> {
  const id = idParam(call, 'id') as DeviceId
  const { lastError } = await readBody(call.request, devicePatch)
  const device = unwrapParam('id', await journal(call).reportDevice(call.principal.sessionId, id, lastError))
  return json(device satisfies DeviceWire)
}

/**
 * DELETE /v1/devices/:id. Unless it is to be kept, its session ends first, and with it its sockets; only then is the device forgotten, so that a
 * failure in between can be repeated.
 */
export async function revokeDevice(call: Call): Promise<Response> {
  const { sessionId, tenantId, userId } = call.principal
  const id = idParam(call, 'id') as DeviceId
  const ended = unwrapParam('id', await journal(call).sessionOfDevice(sessionId, id))
  const { session } = call.query as z.infer<typeof deviceRemoval>
  if (session === 'end') await call.env.IDENTITY.endSession({ tenantId, userId, sessionId: ended })
  unwrap(await journal(call).revokeDevice(userId, id))
  return new Response(null, { status: 204 })
}
