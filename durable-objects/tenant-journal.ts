import { DurableObject } from 'cloudflare:workers'
import type { AppError } from '../core/errors.ts'
import {
  createOrderedIds,
  type DeviceId,
  type NodeId,
  type SessionId,
  type TenantId,
  type UserId,
} from '../core/ids.ts'
import type { Mutation, Outcome } from '../core/namespace/model.ts'
import { rowsOf } from '../core/namespace/weight.ts'
import { findPrincipals } from '../db/tenant/principal.ts'
import { asAppError } from '../protocol/problem.ts'
import { alarmClock, type AlarmClock } from './alarm-clock.ts'
import { readConfig } from './config.ts'
import { faultsOf } from './faults.ts'
import { groupCommit, type GroupCommit } from './group-commit.ts'
import { HeldDatabase } from './held-database.ts'
import { freshEpoch, JournalFeed, type ChangesAsked, type ChangesPage } from './journal-feed.ts'
import { JournalWriter, type Written } from './journal-writer.ts'
import { Live, type DeviceShown, type LiveTask } from './live.ts'
import { countCommit, metrics } from './metrics.ts'
import { relayOf, type Relay } from './relay.ts'
import { reply, type Reply } from './reply.ts'
import { SessionCache } from './session-cache.ts'
import { telemetryOf, type Telemetry } from './telemetry.ts'
import { wait } from './wait.ts'

/** In rows. A chunk is two of them and about a kilobyte while it is decided; what waits and what is written share 128 MB. */
const LIMITS = { weigh: rowsOf, maxBatch: 12_000, maxWaiting: 120_000 }
/** A held connection keeps the object in memory, and with it what hibernating sockets would free. */
const IDLE_SECONDS = 5

/**
 * Serialises one tenant's changes. A shell: it collects mutations, has them decided and written as one transaction
 * (journal-writer.ts), remembers the newest entries, and sees to it that the outbox is drained. Postgres is the truth; everything
 * here can be lost at any moment.
 */
export class TenantJournal extends DurableObject<Env> {
  readonly #tenant: TenantId
  readonly #db: HeldDatabase
  readonly #commits: GroupCommit<Mutation, Outcome>
  readonly #relay: Relay
  readonly #telemetry: Telemetry
  readonly #sessions: SessionCache
  readonly #reads: JournalFeed
  readonly #live: Live
  readonly #alarms: AlarmClock<'relay' | LiveTask>
  readonly #faults

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const config = readConfig(env)
    if (ctx.id.name === undefined) throw new Error('a journal is reached by the name of its tenant')
    metrics().product.journalStarts.add({})
    this.#tenant = ctx.id.name as TenantId
    this.#db = new HeldDatabase(this.#tenant, config.databaseUrl, {
      max: 2,
      idleSeconds: IDLE_SECONDS,
      name: 'bitvault-journal',
    })
    this.#telemetry = telemetryOf('journal', config)
    this.#faults = faultsOf(env)
    this.#sessions = new SessionCache((sessions) => this.#db.read((tx) => findPrincipals(tx, this.#tenant, sessions)))
    const arm = (task: 'relay' | LiveTask, atMs: number) => this.#alarms.arm(task, atMs)
    this.#relay = relayOf({
      ctx,
      env,
      tenant: this.#tenant,
      db: this.#db,
      faults: this.#faults,
      arm: (atMs) => arm('relay', atMs),
    })
    const onFailure = (error: unknown) => this.#logError(asAppError(error))
    this.#reads = new JournalFeed({
      tenant: this.#tenant,
      db: this.#db,
      storage: ctx.storage,
      sessions: this.#sessions,
      heard: (user, device, at) => this.#live.heard(user, device, at),
      onNews: () => this.#live.wake(),
      onFailure,
    })
    this.#live = new Live({
      ctx,
      tenant: this.#tenant,
      db: this.#db,
      feed: this.#reads.feed,
      sessions: this.#sessions,
      arm,
      logError: this.#logError,
    })
    this.#alarms = alarmClock({
      storage: ctx.storage,
      tasks: { relay: () => this.#relay.drain(), ...this.#live.tasks },
      clock: () => Date.now(),
      onFailure: (_task, error) => onFailure(error),
    })
    // Whoever reads many nodes by their ids finds them as they came, and so their bytes side by side in packs.
    const orderedIds = createOrderedIds(Date.now, () => crypto.getRandomValues(new Uint8Array(10)))
    const writer = new JournalWriter({
      tenant: this.#tenant,
      db: this.#db,
      clock: () => Date.now(),
      freshId: () => orderedIds() as NodeId,
      freshEpoch,
      mark: () => this.#reads.mark.value,
      dice: () => Math.random(),
      wait,
      faults: this.#faults,
      onLeaseLost: () => metrics().product.leaseLosses.add({}),
    })
    this.#commits = groupCommit((batch) => this.#write(writer, batch), LIMITS)
  }

  /** Decides and writes mutations in their order; a repeated mutation id gives its first answer. */
  commit(mutations: Mutation[]): Promise<Reply<Outcome[]>> {
    return reply(() => this.#commits.submit(mutations), this.#logError)
  }

  /**
   * Journal entries that the session may read, after a place. An empty page may wait for something to say, for `waitMs` at most;
   * `isFull` says that it could not, since too many wait already.
   */
  changes(session: SessionId, asked: ChangesAsked): Promise<Reply<ChangesPage>> {
    return reply(() => this.#reads.changes(session, asked), this.#logError)
  }

  override alarm(): Promise<void> {
    return this.#alarms.ring()
  }

  /** `GET /v1/sync/live`, as the gateway passes it on (live-door.ts). */
  override fetch(request: Request): Promise<Response> {
    return this.#live.fetch(request)
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    return this.#live.said(socket, data)
  }

  override webSocketClose(socket: WebSocket): void {
    this.#live.left(socket)
  }

  override webSocketError(socket: WebSocket): void {
    this.#live.left(socket)
  }

  /** Identity tells which sessions have ended: what they hold open closes now. */
  async sessionsEnded(sessions: SessionId[]): Promise<void> {
    this.#live.sessionsEnded(sessions)
  }

  /** Somebody's rights have changed: those who listen are told, and filtered anew. */
  accessChanged(): Promise<void> {
    return this.#live.accessChanged()
  }

  /** A device of the session's user pushes. @throws not-found: it is none of theirs */
  heard(session: SessionId, device: DeviceId): Promise<Reply<null>> {
    return reply(async () => {
      const { userId } = await this.#sessions.require(session)
      await this.#live.heard(userId, device, null)
      return null
    }, this.#logError)
  }

  devices(session: SessionId): Promise<Reply<DeviceShown[]>> {
    return reply(() => this.#live.devices(session), this.#logError)
  }

  registerDevice(
    session: SessionId,
    about: { id: DeviceId | null; name: string; platform: string },
  ): Promise<Reply<DeviceShown>> {
    return reply(() => this.#live.registerDevice(session, about), this.#logError)
  }

  reportDevice(session: SessionId, id: DeviceId, lastError: string | null): Promise<Reply<DeviceShown>> {
    return reply(() => this.#live.reportDevice(session, id, lastError), this.#logError)
  }

  sessionOfDevice(session: SessionId, id: DeviceId): Promise<Reply<SessionId>> {
    return reply(() => this.#live.sessionOfDevice(session, id), this.#logError)
  }

  /** Its session has ended by now; who asks was found out by `sessionOfDevice`. */
  revokeDevice(user: UserId, id: DeviceId): Promise<Reply<void>> {
    return reply(() => this.#live.revokeDevice(user, id), this.#logError)
  }

  /** One transaction: the outcomes of all of `batch`, or of its first part. */
  async #write(writer: JournalWriter, batch: Mutation[]): Promise<Outcome[]> {
    const written = await writer.write(batch).catch((error: unknown) => {
      metrics().product.mutations.add({ outcome: 'failed' }, batch.length)
      throw error
    })
    this.#reads.remember(written)
    countCommit(written, Date.now())
    await this.#faults('commit.before-alarm')
    if (written.effects.outbox.length > 0) this.#relay.wake()
    this.#trace(batch.slice(0, written.outcomes.length), written)
    await this.#faults('commit.before-answer')
    return written.outcomes
  }

  /** One transaction serves many callers: each trace gets it as its own span, with Postgres below. */
  #trace(batch: Mutation[], { startedAt, effects }: Written): void {
    const parents = new Set(batch.map((mutation) => mutation.traceparent).filter((parent) => parent !== null))
    if (parents.size === 0) return
    const past = { startMs: startedAt, endMs: Date.now() }
    for (const parent of parents) {
      const attributes = { 'bitvault.mutations': batch.length, 'bitvault.journal.seq': effects.seq }
      const context = this.#telemetry.tracer.record('journal.commit', { ...past, parent, attributes })
      this.#telemetry.tracer.record('postgres.commit', {
        ...past,
        parent: context,
        component: 'postgres',
        kind: 'client',
      })
    }
    this.ctx.waitUntil(this.#telemetry.flush())
  }

  #logError = (error: AppError): void => this.#telemetry.logError('journal', error)
}
