import { AppError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'

/** A revocation counts for reads within this time; for writes at once, since they ask in their own transaction. */
const TRUST_MS = 2_000
const MAX_SESSIONS = 5_000

type Found = Map<SessionId, ReadPrincipal>
type Question = { sessions: Set<SessionId>; answer: PromiseWithResolvers<Found> }

/**
 * What sessions may read, remembered for a moment so that a page of a listing costs one query, not two. Those that are asked for while
 * a question is under way are the next one, together: thousands who are woken at once ask twice, not thousands of times.
 */
export class SessionCache {
  readonly #known = new Map<SessionId, { principal: ReadPrincipal; at: number }>()
  readonly #find: (sessions: SessionId[]) => Promise<Found>
  #next: Question | null = null
  #isAsking = false
  #forgets = 0

  /** @param find those that still stand, in one query */
  constructor(find: (sessions: SessionId[]) => Promise<Found>) {
    this.#find = find
  }

  /** @throws session-revoked */
  async require(session: SessionId): Promise<ReadPrincipal> {
    const known = this.#known.get(session)
    if (known && Date.now() - known.at < TRUST_MS) return known.principal
    this.#next ??= { sessions: new Set(), answer: Promise.withResolvers() }
    const { sessions, answer } = this.#next
    sessions.add(session)
    if (!this.#isAsking) void this.#askAll()
    const principal = (await answer.promise).get(session)
    if (!principal) throw new AppError('session-revoked')
    return principal
  }

  /** They have ended: the next question is asked at the rows. */
  forget(sessions: readonly SessionId[]): void {
    this.#forgets += 1
    for (const session of sessions) this.#known.delete(session)
  }

  /** Rights have changed. */
  forgetAll(): void {
    this.#forgets += 1
    this.#known.clear()
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true
    for (let question = this.#next; question; question = this.#next) {
      this.#next = null
      await this.#ask(question)
    }
    this.#isAsking = false
  }

  async #ask({ sessions, answer }: Question): Promise<void> {
    const [at, forgets] = [Date.now(), this.#forgets]
    try {
      const found = await this.#find([...sessions])
      // What was asked before something ended says nothing of the time after.
      if (forgets === this.#forgets) for (const session of sessions) this.#remember(session, found.get(session), at)
      answer.resolve(found)
    } catch (error) {
      answer.reject(error)
    }
  }

  #remember(session: SessionId, principal: ReadPrincipal | undefined, at: number): void {
    this.#known.delete(session)
    if (!principal) return
    if (this.#known.size >= MAX_SESSIONS) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(session, { principal, at })
  }
}
