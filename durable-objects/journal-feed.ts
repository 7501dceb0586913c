import type { DeviceId, SessionId, SpaceId, TenantId, UserId } from '../core/ids.ts'
import type { Cursor } from '../core/namespace/cursor.ts'
import { readJournal, type FeedEntry } from '../db/tenant/journal.ts'
import { Feed, type FeedPage, type Place } from './feed.ts'
import type { HeldDatabase } from './held-database.ts'
import { JournalMark, type JournalMarkDeps } from './journal-mark.ts'
import type { Written } from './journal-writer.ts'
import { ownJournal } from './own-journal.ts'
import { RecentTail } from './recent-tail.ts'
import type { SessionCache } from './session-cache.ts'
import { wait } from './wait.ts'
import { Waiters } from './waiters.ts'

/** Requests that wait for something to say; more get an empty page at once. */
const MAX_WAITERS = { all: 2_000, session: 250 }
/** Whoever waits looks anyway this often: another process may have written. */
const LOOK_AGAIN_MS = 2_000

export type JournalFeedDeps = {
  tenant: TenantId
  db: HeldDatabase
  storage: JournalMarkDeps['storage']
  sessions: SessionCache
  /** A device came for changes, with a place or from the beginning. */
  heard: (user: UserId, device: DeviceId, at: Cursor | null) => Promise<unknown>
  /** There is something new to read. */
  onNews: () => void
  onFailure: (error: unknown) => void
}

export type ChangesPage = FeedPage & {
  /** Those that the caller may read now. */
  spaces: SpaceId[]
  /** Too many wait already: this one did not. */
  isFull: boolean
}

export type ChangesAsked = { from: Place; limit: number; waitMs: number; device: DeviceId | null }

/** What a journal knows of itself for those who read it: its newest entries, how far it is known to have come, and who waits. */
export class JournalFeed {
  readonly feed: Feed
  readonly mark: JournalMark
  readonly #deps: JournalFeedDeps
  readonly #tail = new RecentTail()
  readonly #waiters = new Waiters(MAX_WAITERS)

  constructor(deps: JournalFeedDeps) {
    const { tenant, db, storage, onFailure } = deps
    this.#deps = deps
    this.mark = new JournalMark({ storage, wait, onFailure })
    this.feed = new Feed({
      tail: this.#tail,
      mark: this.mark,
      read: (after, limit) => db.read((tx) => readJournal(tx, tenant, after, limit)),
      renew: () => this.#renewEpoch(),
      clock: () => Date.now(),
    })
  }

  /**
   * Entries that the session may read, after a place. An empty page waits for something to say, for `waitMs` at most.
   * @throws session-revoked, resync-required, not-found (no such device)
   */
  async changes(session: SessionId, { from, limit, waitMs, device }: ChangesAsked): Promise<ChangesPage> {
    const until = Date.now() + waitMs
    let isFull = false
    for (let at = from; ;) {
      const { wakes } = this.#waiters
      const principal = await this.#deps.sessions.require(session)
      if (device !== null) await this.#deps.heard(principal.userId, device, cursorOf(from))
      const spaces = principal.spaces.map((space) => space.id)
      const page = await this.feed.page({ spaces: new Set(spaces) }, at, limit)
      const leftMs = until - Date.now()
      if (isFull || page.entries.length > 0 || page.more || leftMs <= 0) return { ...page, spaces, isFull }
      at = { epoch: page.epoch, seq: page.through }
      isFull = !(await this.#waiters.wait(session, wakes, Math.min(leftMs, LOOK_AGAIN_MS)))
    }
  }

  /** What was written is the newest there is. */
  remember({ effects, epoch, oldSeq, at }: Written): void {
    const { journal } = effects
    this.mark.raise({ epoch, seq: effects.seq, at: journal.length > 0 ? at : null })
    if (journal.length === 0) return
    const entries = journal.map(({ seq, kind, spaceId, node }): FeedEntry => ({ seq, kind, at, spaceId, node }))
    this.#tail.append({ epoch, oldSeq, entries }, Date.now())
    this.#tellNews()
  }

  /** The database was restored: what it will number anew must not pass for what was shown before. */
  async #renewEpoch(): Promise<void> {
    const { db, tenant } = this.#deps
    const mark = this.mark.value
    const owned = await db.transact((tx) => ownJournal(tx, { tenant, mark, freshEpoch }))
    this.mark.raise({ epoch: owned.epoch, seq: owned.seq, at: null })
    this.#tellNews()
  }

  #tellNews(): void {
    this.#waiters.wake()
    this.#deps.onNews()
  }
}

const cursorOf = ({ epoch, seq }: Place): Cursor | null => (epoch === null ? null : { epoch, seq })
export const freshEpoch = (): string => crypto.randomUUID()
