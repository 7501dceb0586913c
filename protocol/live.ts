import { z } from 'zod'
import { CURSOR_MAX_LENGTH } from '../core/namespace/cursor.ts'
import { change, uuid } from './files.ts'
import { label, shownText } from './identity.ts'
import type { Route } from './routes.ts'

/**
 * Live changes over a WebSocket or as server-sent events, and the registry of devices. Rules: docs/spec/live.md.
 *
 *     client                                  server
 *       GET /v1/sync/live?cursor&device  →
 *                                         ←   hello
 *                                         ←   changes, changes … (what came after the cursor), or behind
 *                                         ←   changes (as they are committed)
 *       ack                              →    (now and then: where the device stands)
 */

/** A person's devices; more would hardly be theirs. */
export const DEVICES_MAX = 200
export const DEVICE_ERROR_MAX = 500
/** Sent as it is, answered as it is: neither wakes the object behind the socket. */
export const LIVE_PING = 'ping'
export const LIVE_PONG = 'pong'
/** A client pings this often; one that was not heard of for `LIVE_SILENCE_MS` is taken for gone. */
export const LIVE_PING_EVERY_MS = 30_000
export const LIVE_SILENCE_MS = 150_000
/** The bytes of one message of a client. */
export const LIVE_MESSAGE_MAX_BYTES = 1_024

/** Why the server closes a socket (RFC 6455, section 7.4.2: 4000 to 4999 are ours). */
export const LIVE_CLOSE = {
  /** The session has ended: sign in again. */
  ended: 4401,
  /** Sent something that is no message. */
  invalid: 4400,
  /** Took messages too slowly, or said nothing for too long. Come back with the cursor. */
  slow: 4408,
} as const

const cursor = z.string().max(CURSOR_MAX_LENGTH)

export const liveMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), cursor: cursor.describe('the head: where live begins') }),
  z
    .object({ type: z.literal('changes'), after: cursor, cursor, changes: z.array(change) })
    .describe('all that you may read between the two: apply it if `after` is your cursor; else send resume, or pull'),
  z
    .object({ type: z.literal('behind'), cursor })
    .describe('more has happened than is sent here: pull to the end, then resume from where you are'),
  z
    .object({ type: z.literal('reset'), reason: z.enum(['epoch', 'ahead', 'horizon']), snapshot: z.string(), cursor })
    .describe('the journal cannot go on from your cursor: take a snapshot, then resume from its cursor'),
  z
    .object({ type: z.literal('closing'), code: z.int(), reason: z.string() })
    .describe('the last one: the server lets go, for the reason that the code of LIVE_CLOSE tells'),
  z.object({ type: z.literal('access') }).describe('the spaces that you may read are others now: list them again'),
])

/** What a client may say on a socket. */
export const liveRequest = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ack'), cursor }).describe('the device has everything up to here'),
  z.strictObject({ type: z.literal('resume'), cursor }).describe('go on from here; also says what ack says'),
])

const liveQuery = z.object({
  cursor: cursor.optional().describe('where you are; absent: from the head on'),
  device: uuid.optional().describe('a registered device of yours'),
})

const platform = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'such as linux-x64')
export const deviceBody = z.strictObject({
  id: uuid.optional().describe('a device of yours, which from now on is this session; absent: a new one'),
  name: label,
  platform,
})
export const devicePatch = z.strictObject({
  lastError: shownText(DEVICE_ERROR_MAX)
    .nullable()
    .describe('what keeps the device from synchronising, for a person; null: nothing'),
})
export const deviceRemoval = z.object({
  session: z
    .enum(['end', 'keep'])
    .default('end')
    .describe(
      'keep: the device is forgotten, as when its folder is no longer linked; the session that it is on goes on',
    ),
})
export const device = z.object({
  id: uuid,
  name: z.string(),
  platform: z.string(),
  createdAt: z.number(),
  lastSeenAt: z.number(),
  lag: z
    .int()
    .nullable()
    .describe(
      'entries of the journal that it has not acknowledged; null: it never came for any, or not since a restore',
    ),
  lastError: z.string().nullable(),
  current: z.boolean().describe('the one that asks'),
  live: z.boolean().describe('it holds a socket open'),
})
export const devicesReply = z.object({ devices: z.array(device) })

export const LIVE_ROUTES = {
  live: {
    method: 'get',
    path: '/v1/sync/live',
    policy: 'member',
    summary: 'Changes as they happen: a WebSocket (Upgrade), or server-sent events (Accept: text/event-stream)',
    query: liveQuery,
    reply: liveMessage,
  },
  registerDevice: {
    method: 'post',
    path: '/v1/devices',
    policy: 'member',
    summary: 'Register the device that this session is on, or bind a known one to it',
    body: deviceBody,
    reply: device,
    status: 201,
  },
  devices: {
    method: 'get',
    path: '/v1/devices',
    policy: 'member',
    summary: 'Your devices, and how they fare',
    reply: devicesReply,
  },
  reportDevice: {
    method: 'patch',
    path: '/v1/devices/:id',
    policy: 'member',
    summary: 'What a device tells of itself',
    body: devicePatch,
    reply: device,
  },
  revokeDevice: {
    method: 'delete',
    path: '/v1/devices/:id',
    policy: 'member',
    summary: 'Revoke a device: its session ends, its sockets close',
    query: deviceRemoval,
    status: 204,
  },
} as const satisfies Record<string, Route>

export type LiveMessage = z.infer<typeof liveMessage>
export type LiveRequest = z.infer<typeof liveRequest>
export type DeviceWire = z.infer<typeof device>
