import { createHash } from 'node:crypto'
import { shownEntries, type Readable } from '../core/access/visibility.ts'
import type { SessionId } from '../core/ids.ts'
import type { FeedEntry } from '../db/tenant/journal.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'

/** What a session may read. `key` is the same for all that may read the same; `mark` is a short form of it for attachments. */
export type Viewer = { readable: Readable; key: string; mark: string }

/** What was asked longer ago than this is asked again before anything is sent: a revocation holds at most this long for sockets. */
const TRUST_MS = 2_000

export function viewerOf(principal: ReadPrincipal): Viewer {
  const spaces = principal.spaces.map(({ id }) => id).toSorted()
  const key = spaces.join(' ')
  const mark = createHash('sha256').update(key).digest('hex').slice(0, 16)
  return { readable: { spaces: new Set(spaces) }, key, mark }
}

export const shownTo = ({ readable }: Viewer, entries: readonly FeedEntry[]): FeedEntry[] =>
  shownEntries(readable, entries)

export type LivePrincipalsDeps = {
  /** Those that still stand, in one query. */
  find: (sessions: SessionId[]) => Promise<Map<SessionId, ReadPrincipal>>
  clock: () => number
}

/** Who the sessions behind the sockets are, asked for all of them at once. */
export class LivePrincipals {
  readonly #deps: LivePrincipalsDeps
  readonly #known = new Map<SessionId, { viewer: Viewer; at: number }>()

  constructor(deps: LivePrincipalsDeps) {
    this.#deps = deps
  }

  get(session: SessionId): Viewer | undefined {
    return this.#known.get(session)?.viewer
  }

  /** @param at when it was asked, Unix milliseconds */
  remember(session: SessionId, principal: ReadPrincipal, at: number): Viewer {
    const viewer = viewerOf(principal)
    this.#known.set(session, { viewer, at })
    return viewer
  }

  forget(sessions: Iterable<SessionId>): void {
    for (const session of sessions) this.#known.delete(session)
  }

  /** The next `refresh` asks for all of them. */
  distrust(): void {
    for (const known of this.#known.values()) known.at = -Infinity
  }

  /** Makes sure of `sessions`. Returns those that no longer stand; what nobody needs any more is forgotten. */
  async refresh(sessions: ReadonlySet<SessionId>): Promise<SessionId[]> {
    const askedAt = this.#deps.clock()
    for (const session of this.#known.keys()) if (!sessions.has(session)) this.#known.delete(session)
    const stale = [...sessions].filter((session) => !this.#isFresh(session, askedAt))
    if (stale.length === 0) return []
    // Nearly all of the others are about to be: one query now instead of many.
    const asked = [...sessions]
    const standing = await this.#deps.find(asked)
    const ended: SessionId[] = []
    for (const session of asked) {
      const principal = standing.get(session)
      if (principal) this.remember(session, principal, askedAt)
      else {
        ended.push(session)
        this.#known.delete(session)
      }
    }
    return ended
  }

  #isFresh(session: SessionId, nowMs: number): boolean {
    const known = this.#known.get(session)
    return known !== undefined && nowMs - known.at < TRUST_MS
  }
}
