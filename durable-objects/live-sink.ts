import type { DeviceId, SessionId, UserId } from '../core/ids.ts'
import type { LiveText } from './live-message.ts'

/**
 * Someone who is told of changes: a WebSocket (live-socket.ts) or a stream of server-sent events (live-stream.ts). All that is
 * known of it fits into the attachment of a hibernating socket.
 */
export type LiveState = {
  session: SessionId
  user: UserId
  device: DeviceId | null
  epoch: string
  /** The entry through which it was sent all that it may read: its cursor, if it took everything in. */
  at: number
  /** When it came, Unix milliseconds. */
  since: number
  /** Of what it may read, when it was told last. */
  sees: string
}

export type LiveSink = {
  readonly state: LiveState
  /** Keeps `state` over a hibernation. */
  save(): void
  /** `false`: it is gone, or takes messages so slowly that too many wait for it. */
  send(message: LiveText): boolean
  close(code: number, reason: string): void
}

/** Bytes that may wait for one slow reader. */
export const SINK_MAX_WAITING_BYTES = 2 * 1024 * 1024
