import { AppError } from '../core/errors.ts'
import type { SessionId } from '../core/ids.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'

/** A revocation counts for reads within this time; for writes at once, since they ask in their own transaction. */
const TRUST_MS = 2_000
const MAX_SESSIONS = 5_000

/** What sessions may read, remembered for a moment so that a page of a listing costs one query, not two. */
export class SessionCache {
  readonly #known = new Map<SessionId, { principal: ReadPrincipal; at: number }>()
  readonly #find: (session: SessionId) => Promise<ReadPrincipal | null>

  constructor(find: (session: SessionId) => Promise<ReadPrincipal | null>) {
    this.#find = find
  }

  /** @throws session-revoked */
  async require(session: SessionId): Promise<ReadPrincipal> {
    const now = Date.now()
    const known = this.#known.get(session)
    if (known && now - known.at < TRUST_MS) return known.principal
    const principal = await this.#find(session)
    this.#known.delete(session)
    if (!principal) throw new AppError('session-revoked')
    if (this.#known.size >= MAX_SESSIONS) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(session, { principal, at: now })
    return principal
  }

  /** They have ended: the next question is asked at the rows. */
  forget(sessions: readonly SessionId[]): void {
    for (const session of sessions) this.#known.delete(session)
  }

  /** Rights have changed. */
  forgetAll(): void {
    this.#known.clear()
  }
}
