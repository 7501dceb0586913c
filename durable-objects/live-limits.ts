import { AppError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { LiveSink } from './live-sink.ts'
import { LiveStream } from './live-stream.ts'

/** Open at once, sockets and streams together. */
export const SINKS_MAX = { tenant: 20_000, session: 16 }
/** A stream holds the object in memory and a request open. */
export const STREAMS_MAX = 1_000
/** What a client may say: acknowledgements are gathered, and a resume is rare. */
export const MESSAGES_PER_MINUTE = 120
const MINUTE_MS = 60_000

/** @throws too-many-requests */
export function requireRoom(
  sinks: Iterable<LiveSink>,
  { session, isStream }: { session: SessionId; isStream: boolean },
) {
  const counts = { tenant: 0, session: 0, streams: 0 }
  for (const sink of sinks) {
    counts.tenant += 1
    if (sink.state.session === session) counts.session += 1
    if (sink instanceof LiveStream) counts.streams += 1
  }
  const isFull = (isStream && counts.streams >= STREAMS_MAX) || counts.tenant >= SINKS_MAX.tenant
  if (!isFull && counts.session < SINKS_MAX.session) return
  const detail = isFull ? 'too many listen already' : `at most ${SINKS_MAX.session} sockets of one session`
  throw new AppError('too-many-requests', { retryAfterMs: 30_000, detail })
}

/** Counts what each client says in a minute, in this life of the object. */
export class SpeechLimit {
  readonly #clock: () => number
  readonly #spoken = new WeakMap<WebSocket, { since: number; count: number }>()

  constructor(clock: () => number) {
    this.#clock = clock
  }

  allows(socket: WebSocket): boolean {
    const now = this.#clock()
    const known = this.#spoken.get(socket)
    const spoken = known && now - known.since < MINUTE_MS ? known : { since: now, count: 0 }
    this.#spoken.set(socket, spoken)
    return ++spoken.count <= MESSAGES_PER_MINUTE
  }
}
