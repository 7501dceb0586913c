import { DurableObject } from 'cloudflare:workers'
import { AppError } from '../core/errors.ts'
import { uuidV7, type NodeId, type SessionId, type TenantId } from '../core/ids.ts'
import type { Mutation, Outcome } from '../core/namespace/model.ts'
import { rowsOf } from '../core/namespace/weight.ts'
import { readJournal, type FeedEntry, type JournalPage } from '../db/tenant/journal.ts'
import { findPrincipal, type ReadPrincipal } from '../db/tenant/principal.ts'
import { readConfig } from './config.ts'
import { faultsOf } from './faults.ts'
import { groupCommit, type GroupCommit } from './group-commit.ts'
import { HeldDatabase } from './held-database.ts'
import { JournalWriter, type Written } from './journal-writer.ts'
import { countCommit, metrics } from './metrics.ts'
import { relayOf, type Relay } from './relay.ts'
import { RecentTail } from './recent-tail.ts'
import { reply, type Reply } from './reply.ts'
import { SessionCache } from './session-cache.ts'
import { telemetryOf, type Telemetry } from './telemetry.ts'
import { wait } from './wait.ts'

/** In rows. A chunk is two of them and about a kilobyte while it is decided; what waits and what is written share 128 MB. */
const LIMITS = { weigh: rowsOf, maxBatch: 12_000, maxWaiting: 120_000 }
/** A tail that nobody has confirmed for this long is checked against Postgres: another process may own the journal. */
const TAIL_TRUST_MS = 1_000

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
  readonly #tail = new RecentTail()
  #headSeenAt = 0
  readonly #faults

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const config = readConfig(env)
    if (ctx.id.name === undefined) throw new Error('a journal is reached by the name of its tenant')
    this.#tenant = ctx.id.name as TenantId
    this.#db = new HeldDatabase(this.#tenant, config.databaseUrl, { max: 2, name: 'bitvault-journal' })
    this.#telemetry = telemetryOf('journal', config)
    this.#faults = faultsOf(env)
    this.#sessions = new SessionCache((session) => this.#db.read((tx) => findPrincipal(tx, this.#tenant, session)))
    this.#relay = relayOf({ ctx, env, tenant: this.#tenant, db: this.#db, faults: this.#faults })
    const writer = new JournalWriter({
      tenant: this.#tenant,
      db: this.#db,
      clock: () => Date.now(),
      freshId: () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10))) as NodeId,
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
   * Journal entries that the session may read, after `after`, at most `limit` looked at.
   * `through` is where the page ends, also when nothing in it was readable.
   */
  changes(session: SessionId, epoch: string | null, after: number, limit: number): Promise<Reply<ChangesPage>> {
    return reply(async () => {
      const principal = await this.#sessions.require(session)
      const page = await this.#readPage(after, limit)
      if (epoch !== null && epoch !== page.epoch)
        throw new AppError('cursor-invalid', {
          field: 'cursor',
          detail: 'this cursor is of another epoch',
          resync: true,
        })
      if (after > page.head)
        throw new AppError('cursor-invalid', {
          field: 'cursor',
          detail: 'this cursor is ahead of the journal',
          resync: true,
        })
      const through = page.entries.at(-1)?.seq ?? after
      return { entries: visibleTo(principal, page.entries), through, more: through < page.head, epoch: page.epoch }
    }, this.#logError)
  }

  override async alarm(): Promise<void> {
    await this.#relay.drain()
  }

  async #write(writer: JournalWriter, batch: Mutation[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = []
    while (outcomes.length < batch.length) {
      outcomes.push(...(await this.#writePart(writer, batch.slice(outcomes.length))))
    }
    await this.#faults('commit.before-answer')
    return outcomes
  }

  async #writePart(writer: JournalWriter, rest: Mutation[]): Promise<Outcome[]> {
    const written = await writer.write(rest).catch((error: unknown) => {
      metrics().product.mutations.add({ outcome: 'failed' }, rest.length)
      throw error
    })
    this.#remember(written)
    countCommit(written, Date.now())
    await this.#faults('commit.before-alarm')
    if (written.effects.outbox.length > 0) this.#relay.wake()
    this.#trace(rest.slice(0, written.outcomes.length), written)
    return written.outcomes
  }

  #epoch: string | null = null

  async #readPage(after: number, limit: number): Promise<JournalPage> {
    const recent = this.#tail.after(after, limit)
    const trusted = recent && (recent.entries.length > 0 || Date.now() - this.#headSeenAt < TAIL_TRUST_MS)
    if (trusted && this.#epoch !== null) return { ...recent, epoch: this.#epoch }
    const page = await this.#db.read((tx) => readJournal(tx, this.#tenant, after, limit))
    this.#headSeenAt = Date.now()
    this.#epoch = page.epoch
    return page
  }

  #remember({ effects, at }: Written): void {
    const { journal } = effects
    if (journal.length === 0) return
    const entries = journal.map(({ seq, kind, spaceId, node }): FeedEntry => ({ seq, kind, at, spaceId, node }))
    this.#tail.append(effects.seq - entries.length, entries)
    this.#headSeenAt = Date.now()
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

export type ChangesPage = { entries: FeedEntry[]; through: number; more: boolean; epoch: string }

/** The one filter of the feed; grants on subtrees will extend it. */
function visibleTo(principal: ReadPrincipal, entries: FeedEntry[]): FeedEntry[] {
  const spaces = new Set(principal.spaces.map((space) => space.id))
  return entries.filter((entry) => spaces.has(entry.spaceId))
}
