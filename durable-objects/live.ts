import { asAppError, problemResponse } from '../protocol/problem.ts'
import { LIVE_PING, LIVE_PONG } from '../protocol/live.ts'
import { AppError } from '../core/errors.ts'
import { uuidV7, type DeviceId, type SessionId, type TenantId, type UserId } from '../core/ids.ts'
import type { Cursor } from '../core/namespace/cursor.ts'
import { findPrincipal, findPrincipals } from '../db/tenant/principal.ts'
import type { Feed } from './feed.ts'
import type { HeldDatabase } from './held-database.ts'
import { LiveDevices, type DeviceView } from './live-devices.ts'
import { LIVE_HEADER, LiveDoor, SWEEP_EVERY_MS, type LiveCall } from './live-door.ts'
import { LiveHub } from './live-hub.ts'
import { metrics } from './metrics.ts'
import type { SessionCache } from './session-cache.ts'
import { wait } from './wait.ts'

/** Sessions of one query. */
const PRINCIPALS_BATCH = 5_000
/** After a failure those who listen are looked after again. */
const AFTER_FAILURE_MS = 1_000

export type LiveTask = 'sweep' | 'mirror'

export type LiveDeps = {
  ctx: DurableObjectState
  tenant: TenantId
  db: HeldDatabase
  feed: Pick<Feed, 'slice'>
  sessions: SessionCache
  /** Has the task called not later than then. */
  arm: (task: LiveTask, atMs: number) => Promise<void>
  logError: (error: AppError) => void
}

/**
 * What a tenant's journal does besides keeping the journal: it tells those who listen (live-hub.ts, live-door.ts) and knows where
 * devices stand (live-devices.ts). Wired here, so that the object only passes calls on.
 */
export class Live {
  readonly #deps: LiveDeps
  readonly #door: LiveDoor
  readonly #devices: LiveDevices

  constructor(deps: LiveDeps) {
    this.#deps = deps
    const { ctx, tenant, db } = deps
    const clock = () => Date.now()
    const readPage = (after: number, limit: number) => deps.feed.slice({ epoch: null, seq: after }, limit)
    const arm = (task: LiveTask, atMs: number) => this.#waitFor(deps.arm(task, atMs))
    const hub = new LiveHub({
      readPage,
      findPrincipals: (sessions) => this.#principals(sessions),
      holderOf: ({ state: { user, device } }) => ({ tenant, user, device }),
      clock,
      onSent: (type) => metrics().product.liveMessages.add({ type }),
      later: (work, ms) => this.#waitFor(wait(ms).then(work), () => arm('sweep', clock() + AFTER_FAILURE_MS)),
    })
    this.#devices = new LiveDevices({
      tenant,
      db,
      clock,
      freshId: () => uuidV7(clock(), crypto.getRandomValues(new Uint8Array(10))) as DeviceId,
      arm: (atMs) => arm('mirror', atMs),
    })
    this.#door = new LiveDoor({
      tenant,
      ctx,
      hub,
      findPrincipal: (session) => db.read((tx) => findPrincipal(tx, tenant, session)),
      readPage,
      devices: this.#devices,
      clock,
      armSweep: () => arm('sweep', clock() + SWEEP_EVERY_MS),
    })
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(LIVE_PING, LIVE_PONG))
  }

  /** New entries were committed. */
  wake(): void {
    this.#door.wake()
  }

  readonly tasks: Record<LiveTask, () => Promise<number | null>> = {
    sweep: () => this.#door.sweep(),
    mirror: () => this.#devices.mirror(),
  }

  /** What the gateway passes on of `GET /v1/sync/live`. */
  async fetch(request: Request): Promise<Response> {
    try {
      return await this.#door.open(JSON.parse(request.headers.get(LIVE_HEADER) ?? '') as LiveCall)
    } catch (thrown) {
      const error = asAppError(thrown)
      if (error.code === 'internal' || error.cause !== undefined) this.#deps.logError(error)
      return problemResponse(error)
    }
  }

  async said(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    await this.#door.said(socket, data).catch((error: unknown) => this.#deps.logError(asAppError(error)))
  }

  left(socket: WebSocket): void {
    this.#door.left(socket)
  }

  sessionsEnded(sessions: readonly SessionId[]): void {
    this.#deps.sessions.forget(sessions)
    this.#door.sessionsEnded(sessions)
  }

  async accessChanged(): Promise<void> {
    this.#deps.sessions.forgetAll()
    await this.#door.accessChanged()
  }

  /** A device pulled or pushed. @throws not-found: it is none of the user's */
  async heard(user: UserId, device: DeviceId, cursor: Cursor | null): Promise<void> {
    await this.#devices.require(user, device)
    this.#devices.seen(device, cursor)
  }

  async devices(session: SessionId): Promise<DeviceShown[]> {
    const { user, head } = await this.#asker(session)
    const devices = await this.#devices.list(user, head)
    const live = this.#door.liveDevices()
    return devices.map((device) => this.#shown(device, session, live))
  }

  async registerDevice(
    session: SessionId,
    about: { id: DeviceId | null; name: string; platform: string },
  ): Promise<DeviceShown> {
    const { user, head } = await this.#asker(session)
    return this.#shown(await this.#devices.register({ session, user }, head, about), session)
  }

  async reportDevice(session: SessionId, id: DeviceId, lastError: string | null): Promise<DeviceShown> {
    const { user, head } = await this.#asker(session)
    return this.#shown(await this.#devices.report({ user, id }, head, lastError), session)
  }

  /** @throws not-found */
  async sessionOfDevice(session: SessionId, id: DeviceId): Promise<SessionId> {
    const { userId } = await this.#deps.sessions.require(session)
    return this.#devices.sessionOf(userId, id)
  }

  revokeDevice(user: UserId, id: DeviceId): Promise<void> {
    return this.#devices.revoke(user, id)
  }

  async #asker(session: SessionId): Promise<{ user: UserId; head: Cursor }> {
    const principal = await this.#deps.sessions.require(session)
    const { epoch, head } = await this.#deps.feed.slice({ epoch: null, seq: 0 }, 1)
    return { user: principal.userId, head: { epoch, seq: head } }
  }

  #shown({ sessionId, ...device }: DeviceView, session: SessionId, live = this.#door.liveDevices()): DeviceShown {
    const isLive = live.has(device.id)
    const lastSeenAt = isLive ? Date.now() : device.lastSeenAt
    return { ...device, lastSeenAt, current: sessionId === session, live: isLive }
  }

  async #principals(sessions: SessionId[]) {
    const { db, tenant } = this.#deps
    const found: Awaited<ReturnType<typeof findPrincipals>> = new Map()
    for (let at = 0; at < sessions.length; at += PRINCIPALS_BATCH) {
      const some = sessions.slice(at, at + PRINCIPALS_BATCH)
      for (const [id, principal] of await db.read((tx) => findPrincipals(tx, tenant, some))) found.set(id, principal)
    }
    return found
  }

  #waitFor(work: Promise<unknown>, onFailure?: () => void): void {
    const failed = (error: unknown): void => {
      this.#deps.logError(asAppError(error))
      onFailure?.()
    }
    this.#deps.ctx.waitUntil(work.catch(failed))
  }
}

export type DeviceShown = Omit<DeviceView, 'sessionId'> & { current: boolean; live: boolean }
