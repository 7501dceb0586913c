import { AppError } from '../core/errors.ts'
import type { DeviceId, SessionId, TenantId, UserId } from '../core/ids.ts'
import { parseCursor, type Cursor, type Holder } from '../core/namespace/cursor.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'
import { LIVE_CLOSE, LIVE_MESSAGE_MAX_BYTES, LIVE_SILENCE_MS, liveRequest } from '../protocol/live.ts'
import type { LiveHub, LivePage } from './live-hub.ts'
import { requireRoom, SpeechLimit } from './live-limits.ts'
import { cursorText, plainMessage, sha256Hex } from './live-message.ts'
import type { LiveSink, LiveState } from './live-sink.ts'
import { LiveSocket } from './live-socket.ts'
import { LiveStream } from './live-stream.ts'
import { readTail, type Tail, type TailRequest } from './live-tail.ts'

/** While there are sinks, they are looked after this often: for what nobody told us. */
export const SWEEP_EVERY_MS = 60_000
/** How long a session that has just ended is remembered: longer than anyone takes to come in. */
const ENDED_KEPT_MS = 60_000
/** How the gateway tells the object who asks for what; nobody else can send to it. */
export const LIVE_HEADER = 'bitvault-live'
export type LiveCall = {
  session: SessionId
  cursor: string | null
  device: DeviceId | null
  as: 'socket' | 'stream'
}

export type LiveDoorDeps = {
  tenant: TenantId
  ctx: Pick<DurableObjectState, 'acceptWebSocket' | 'getWebSockets' | 'getWebSocketAutoResponseTimestamp'>
  hub: LiveHub
  findPrincipal: (session: SessionId) => Promise<ReadPrincipal | null>
  readPage: (after: number, limit: number) => Promise<LivePage>
  devices: {
    /** @throws not-found */
    require(user: UserId, device: DeviceId): Promise<void>
    seen(device: DeviceId, cursor: Cursor | null): void
  }
  clock: () => number
  /** Somebody listens from now on: `sweep` must come. */
  armSweep: () => void
}

/** Where sockets and streams come in, speak, and leave. */
export class LiveDoor {
  readonly #deps: LiveDoorDeps
  /** `null`: this life has not looked yet which sockets outlived the one before. */
  #sockets: Map<WebSocket, LiveSocket> | null = null
  readonly #ended = new Map<SessionId, number>()
  readonly #speech: SpeechLimit

  constructor(deps: LiveDoorDeps) {
    this.#deps = deps
    this.#speech = new SpeechLimit(deps.clock)
  }

  /**
   * Lets somebody in.
   * @throws AppError session-revoked, not-found (the device), cursor-invalid, too-many-requests, busy
   */
  async open(call: LiveCall): Promise<Response> {
    const { hub, clock, devices, tenant } = this.#deps
    this.#wakeSockets()
    const askedAt = clock()
    const principal = await this.#principal(call.session)
    const holder: Holder = { tenant, user: principal.userId, device: call.device }
    if (call.device !== null) await devices.require(principal.userId, call.device)
    const cursor = call.cursor === null ? null : parseCursor(call.cursor, holder, sha256Hex)
    this.#requireRoom(call)
    const viewer = hub.remember(call.session, principal, askedAt)
    const tail = await this.#tailOf({ cursor, holder, viewer })
    // Nothing is awaited from here on: no change goes out between this tail and the first that the newcomer is told.
    if (this.#hasEnded(call.session)) throw new AppError('session-revoked')
    this.#requireRoom(call)
    hub.remember(call.session, principal, askedAt)
    const state = stateOf({ call, holder, tail, sees: viewer.mark, since: clock() })
    if (call.device !== null) devices.seen(call.device, cursor)
    const hello = plainMessage({ type: 'hello', cursor: cursorText(tail.place, holder) }, null)
    const first = cursor === null ? { ...hello, cursor: cursorText(tail.place, holder) } : hello
    const response = call.as === 'socket' ? this.#openSocket(state) : this.#openStream(state)
    for (const message of [first, ...tail.messages]) hub.tell(response.sink, message)
    this.#deps.armSweep()
    return response.answer
  }

  /** New entries: those who listen are told soon. */
  wake(): void {
    this.#wakeSockets()
    this.#deps.hub.wake()
  }

  /** A message of a client. What is none closes the socket. */
  async said(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const { hub, devices } = this.#deps
    const sink = this.#wakeSockets().get(socket)
    if (!sink) return
    const said = this.#speech.allows(socket) ? this.#understand(sink, data) : 'too much'
    if (typeof said === 'string')
      return hub.drop(sink, said === 'too much' ? LIVE_CLOSE.slow : LIVE_CLOSE.invalid, said)
    if (sink.state.device !== null) devices.seen(sink.state.device, said.cursor)
    if (said.type === 'resume') await this.#resume(sink, said.cursor)
  }

  /** A socket has closed, whoever did it. */
  left(socket: WebSocket): void {
    const sockets = this.#wakeSockets()
    const sink = sockets.get(socket) ?? new LiveSocket(socket)
    sockets.delete(socket)
    this.#deps.hub.remove(sink)
    if (sink.state.device !== null) this.#deps.devices.seen(sink.state.device, null)
  }

  sessionsEnded(sessions: readonly SessionId[]): void {
    const now = this.#deps.clock()
    for (const [session, at] of this.#ended) if (now - at > ENDED_KEPT_MS) this.#ended.delete(session)
    for (const session of sessions) this.#ended.set(session, now)
    this.#wakeSockets()
    this.#deps.hub.endSessions(new Set(sessions))
  }

  /** Rights have changed: asks anew, and tells whom it concerns. */
  async accessChanged(): Promise<void> {
    this.#wakeSockets()
    await this.#deps.hub.check()
  }

  /** The devices that hold a socket or stream. */
  liveDevices(): Set<DeviceId> {
    this.#wakeSockets()
    const devices = new Set<DeviceId>()
    for (const { state } of this.#deps.hub.sinks) if (state.device !== null) devices.add(state.device)
    return devices
  }

  /** The net: ended sessions, dead connections, entries that another process wrote. @returns when to come again */
  async sweep(): Promise<number | null> {
    const { hub, clock } = this.#deps
    this.#dropSilent()
    if (hub.sinks.size === 0) return null
    await hub.check()
    return hub.sinks.size === 0 ? null : clock() + SWEEP_EVERY_MS
  }

  #wakeSockets(): Map<WebSocket, LiveSocket> {
    if (this.#sockets) return this.#sockets
    this.#sockets = new Map(this.#deps.ctx.getWebSockets().map((socket) => [socket, new LiveSocket(socket)]))
    for (const sink of this.#sockets.values()) this.#deps.hub.add(sink)
    return this.#sockets
  }

  async #principal(session: SessionId): Promise<ReadPrincipal> {
    // Asked at the rows, not in a memory of two seconds: a socket may stay for days.
    const principal = await this.#deps.findPrincipal(session)
    if (!principal || this.#hasEnded(session)) throw new AppError('session-revoked')
    return principal
  }

  #hasEnded = (session: SessionId): boolean => this.#ended.has(session)

  #requireRoom({ session, as }: LiveCall): void {
    requireRoom(this.#deps.hub.sinks, { session, isStream: as === 'stream' })
  }

  async #tailOf({ cursor, holder, viewer }: TailAsk): Promise<Tail> {
    const { hub, readPage } = this.#deps
    const through = () => hub.through
    if (cursor !== null) return readTail({ cursor, holder, viewer, readPage, through })
    const { epoch, head } = await readPage(through(), 1)
    return { place: { epoch, seq: Math.max(head, through()) }, messages: [] }
  }

  #openSocket(state: LiveState): { sink: LiveSink; answer: Response } {
    const { 0: theirs, 1: ours } = new WebSocketPair()
    this.#deps.ctx.acceptWebSocket(ours)
    const sink = new LiveSocket(ours, state)
    sink.save()
    this.#wakeSockets().set(ours, sink)
    this.#deps.hub.add(sink)
    return { sink, answer: new Response(null, { status: 101, webSocket: theirs }) }
  }

  #openStream(state: LiveState): { sink: LiveSink; answer: Response } {
    const sink = new LiveStream(state, () => this.#deps.hub.remove(sink))
    this.#deps.hub.add(sink)
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'private, no-store' }
    return { sink, answer: new Response(sink.body, { headers }) }
  }

  #understand(
    sink: LiveSink,
    data: string | ArrayBuffer,
  ): { type: 'ack' | 'resume'; cursor: Cursor } | 'not understood' {
    if (typeof data !== 'string' || data.length > LIVE_MESSAGE_MAX_BYTES) return 'not understood'
    try {
      const { type, cursor } = liveRequest.parse(JSON.parse(data))
      return { type, cursor: parseCursor(cursor, this.#holderOf(sink), sha256Hex) }
    } catch {
      return 'not understood'
    }
  }

  async #resume(sink: LiveSink, cursor: Cursor): Promise<void> {
    const { hub, clock } = this.#deps
    const askedAt = clock()
    const principal = await this.#deps.findPrincipal(sink.state.session)
    if (!principal) return hub.drop(sink, LIVE_CLOSE.ended, 'the session has ended')
    const viewer = hub.remember(sink.state.session, principal, askedAt)
    const { place, messages } = await this.#tailOf({ cursor, holder: this.#holderOf(sink), viewer })
    if (!hub.sinks.has(sink)) return
    sink.state.at = place.seq
    sink.state.epoch = place.epoch
    sink.save()
    for (const message of messages) hub.tell(sink, message)
  }

  #holderOf = (sink: LiveSink): Holder => ({
    tenant: this.#deps.tenant,
    user: sink.state.user,
    device: sink.state.device,
  })

  /** Half-open connections: the other side is gone, and nobody has told us. */
  #dropSilent(): void {
    const { ctx, hub, clock } = this.#deps
    for (const [socket, sink] of this.#wakeSockets()) {
      const pingedAt = ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0
      if (clock() - Math.max(pingedAt, sink.state.since) > LIVE_SILENCE_MS)
        hub.drop(sink, LIVE_CLOSE.slow, 'no sign of life')
    }
  }
}

type TailAsk = Pick<TailRequest, 'holder' | 'viewer'> & { cursor: Cursor | null }

type NewState = { call: LiveCall; holder: Holder; tail: Tail; sees: string; since: number }

const stateOf = ({ call, holder, tail, sees, since }: NewState): LiveState => ({
  session: call.session,
  user: holder.user,
  device: call.device,
  epoch: tail.place.epoch,
  at: tail.place.seq,
  sees,
  since,
})
