import { AppError } from '../core/errors.ts'
import type { Faults } from '../core/fault-points.ts'
import type { NodeId, TenantId } from '../core/ids.ts'
import { decideBatch } from '../core/namespace/decide.ts'
import { noEffects, type Effects } from '../core/namespace/effects.ts'
import type { Facts, Mutation, Outcome } from '../core/namespace/model.ts'
import type { Tx } from '../db/connect.ts'
import type { Head } from '../db/tenant/lease.ts'
import { factsNeeded, factsOf, gatherFacts, noFacts } from '../db/tenant/facts.ts'
import { TooManyFacts } from '../db/tenant/facts-rows.ts'
import { writeEffects } from '../db/tenant/write-effects.ts'
import { failureOf, Fenced, type DatabaseFailure } from './database-failure.ts'
import type { HeldDatabase } from './held-database.ts'
import type { Mark } from './journal-mark.ts'
import { ownJournal, type Ownership } from './own-journal.ts'

/**
 * Rounds of gather and decide; the second finds what only the decision could name, more are rare (names of conflicted copies). No
 * mutation alone needs so many. Of a batch whose parts build upon one another, what is known by then is written.
 */
const MAX_ROUNDS = 30
const MAX_TRIES = 12
const MAX_TAKEOVERS = 4
/** A request is not kept waiting for longer while Postgres is away. */
const GIVE_UP_AFTER_MS = 8_000

export type Written = {
  outcomes: Outcome[]
  effects: Effects
  oldSeq: number
  epoch: string
  at: number
  startedAt: number
}

export type JournalWriterDeps = {
  tenant: TenantId
  db: Pick<HeldDatabase, 'transact'>
  clock: () => number
  freshId: () => NodeId
  freshEpoch: () => string
  /** The furthest that this journal is known to have come. */
  mark: () => Mark | null
  dice: () => number
  wait: (ms: number) => Promise<void>
  faults: Faults
  onLeaseLost: () => void
}

/**
 * Writes batches of mutations to one tenant's journal: gather facts, decide, write, in one transaction on one connection.
 *
 *     BEGIN ─ enter tenant + facts ─ decide (pure) ─ fence + rows ─ COMMIT
 *
 * It owns the journal while its lease is the newest and the head is where it left it (a database that was restored is behind that). The first transaction of an owner takes the lease itself and so keeps
 * others waiting until it has written: two processes that take it from each other are slow, but neither starves. A lost connection leaves the outcome of a commit unknown, so the whole
 * batch is decided anew: what was written answers as a replay (I11), the rest is written now.
 */
export class JournalWriter {
  readonly #deps: JournalWriterDeps
  #owned: Ownership | null = null

  constructor(deps: JournalWriterDeps) {
    this.#deps = deps
  }

  /**
   * Writes what of `mutations` can be one transaction: mostly all of it, always at least the first. The outcomes tell how many.
   * @throws AppError not-found (no such tenant), busy (another owner keeps taking over), database-unavailable, internal
   */
  async write(mutations: Mutation[]): Promise<Written> {
    let takeovers = 0
    let isRepeated = false
    const giveUpAt = this.#deps.clock() + GIVE_UP_AFTER_MS
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#writeOnce(mutations, isRepeated)
      } catch (error) {
        const failure = failureOf(error)
        if (failure === 'fenced') {
          this.#owned = null
          this.#deps.onLeaseLost()
          if (++takeovers > MAX_TAKEOVERS) throw new AppError('busy', { retryAfterMs: 500 }, { cause: error })
        } else if (failure === 'final' || (failure === 'repeated' && isRepeated)) throw error
        isRepeated ||= failure === 'repeated'
        if (attempt >= MAX_TRIES || this.#deps.clock() > giveUpAt) throw unavailable(failure, error)
        if (failure === 'lost') await this.#deps.wait(pauseMs(attempt, this.#deps.dice()))
      }
    }
  }

  async #writeOnce(mutations: Mutation[], isRepeated: boolean): Promise<Written> {
    const { db, tenant, clock, faults } = this.#deps
    const startedAt = clock()
    const mark = this.#deps.mark()
    await faults('commit.before-facts')
    const { owned, written } = await db.transact(
      async (tx) => {
        const at = clock()
        const owned = this.#owned ?? (await ownJournal(tx, { tenant, mark, freshEpoch: this.#deps.freshEpoch }))
        const decided = await this.#decide(tx, mutations, { at, owned, mark, isRepeated })
        await faults('commit.before-write')
        const fence = { lease: owned.lease, oldSeq: decided.oldSeq, at: new Date(at) }
        await Promise.all(writeEffects(tx, tenant, decided.effects, fence))
        await faults('commit.after-write')
        return { owned, written: { ...decided, epoch: owned.epoch, at, startedAt } }
      },
      { planning: 'once' },
    )
    this.#owned = owned
    return written
  }

  /** Decides as many of `mutations`, from the first on, as can be known at once. */
  async #decide(tx: Tx, mutations: Mutation[], deciding: Deciding): Promise<Decided> {
    const facts = noFacts()
    try {
      return await this.#decideAll(tx, mutations, facts, deciding)
    } catch (error) {
      if (!(error instanceof TooManyFacts)) throw error
      if (mutations.length > 1) return this.#decide(tx, mutations.slice(0, Math.ceil(mutations.length / 2)), deciding)
      return { outcomes: [TOO_DEEP], effects: noEffects(facts.seq), oldSeq: facts.seq }
    }
  }

  async #decideAll(
    tx: Tx,
    mutations: Mutation[],
    facts: Facts,
    { at, owned, mark, isRepeated }: Deciding,
  ): Promise<Decided> {
    const { tenant, freshId, faults } = this.#deps
    const ids: NodeId[] = []
    const idAt = (index: number): NodeId => (ids[index] ??= freshId())
    let wanted = factsOf(mutations, isRepeated)
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const head = await gatherFacts(tx, tenant, wanted, facts)
      if (!isStillOurs(head, owned, mark)) throw new Fenced()
      await faults('commit.after-facts')
      // The decision overlays the maps that it is given; the gathered facts must stay as they are for the next round.
      let decision = decideBatch(copyOf(facts), mutations, at, idAt)
      if (round === MAX_ROUNDS && decision.at === 'needs' && decision.known > 0)
        decision = decideBatch(copyOf(facts), mutations.slice(0, decision.known), at, idAt)
      if (decision.at === 'decided')
        return { outcomes: decision.outcomes, effects: decision.effects, oldSeq: facts.seq }
      wanted = factsNeeded(decision.needs)
    }
    throw new AppError('internal', {}, { cause: new Error('the facts never sufficed') })
  }
}

type Decided = { outcomes: Outcome[]; effects: Effects; oldSeq: number }

const TOO_DEEP: Outcome = {
  outcome: 'rejected',
  code: 'too-large',
  facts: { detail: 'too many folders lie above what this changes: move it up first, or change less at once' },
}

type Deciding = { at: number; owned: Ownership; mark: Mark | null; isRepeated: boolean }

/** Nobody has taken the journal over, nor has the database gone back to before what we have written. */
function isStillOurs(head: Head, owned: Ownership, mark: Mark | null): boolean {
  if (head.lease !== owned.lease || head.epoch !== owned.epoch) return false
  return mark === null || mark.epoch !== owned.epoch || head.seq >= mark.seq
}

const copyOf = (facts: ReturnType<typeof noFacts>): ReturnType<typeof noFacts> => ({
  ...facts,
  nodes: new Map(facts.nodes),
  children: new Map(facts.children),
})

/** 10 ms doubling to 1 s, with full jitter: about 8 s over all tries. */
const pauseMs = (attempt: number, dice: number): number => Math.min(1000, 10 * 2 ** attempt) * (0.5 + dice / 2)

function unavailable(failure: Exclude<DatabaseFailure, 'final'>, cause: unknown): AppError {
  return failure === 'lost'
    ? new AppError('database-unavailable', { retryAfterMs: 2000 }, { cause })
    : new AppError('busy', { retryAfterMs: 500 }, { cause })
}
