import type { SessionId } from '../core/ids.ts'
import { SNAPSHOT_PATH, type Cursor, type Holder } from '../core/namespace/cursor.ts'
import type { FeedEntry } from '../db/tenant/journal.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'
import { LIVE_CLOSE } from '../protocol/live.ts'
import { changesMessage, changesText, cursorText, plainMessage, type LiveText } from './live-message.ts'
import { LivePrincipals, shownTo, type Viewer } from './live-principals.ts'
import type { LiveSink } from './live-sink.ts'

/** A stretch of the journal; `entries` end at the head or where the page was full. */
export type LivePage = { entries: FeedEntry[]; head: number; epoch: string; horizon: number }

export type LiveHubDeps = {
  /** Entries after `after`, of every space. */
  readPage: (after: number, limit: number) => Promise<LivePage>
  findPrincipals: (sessions: SessionId[]) => Promise<Map<SessionId, ReadPrincipal>>
  holderOf: (sink: LiveSink) => Holder
  clock: () => number
  /** Runs `work` after `ms`, and what waits for an answer before it. */
  later: (work: () => Promise<void>, ms: number) => void
  /** For the metrics. */
  onSent: (type: LiveText['type']) => void
}

/** Entries of one message. */
export const LIVE_PAGE = 200
/** Sinks that are further behind than this pull instead: a pull costs one reader, catching up here holds all of them up. */
export const CATCH_UP_MAX = 1_000
/** A sink that nothing was for is told where the journal stands, lest it seem too far behind. */
const QUIET_ADVANCE = 500
/** While commits follow one another, they go out together this often. */
const GATHER_MS = 20

/**
 * Tells the sinks of one tenant what was committed.
 *
 *     commit ─ answer ─┐
 *     commit ─ answer ─┤ wake        ┌ entries after `through` ┐   ┌ one text for all that see the same ┐
 *                      └──► serve ───┤ who may read what, now  ├──►│ after + text + cursor → each sink  │
 *                                    └ (awaited)               ┘   └ (nothing is awaited)               ┘
 *
 * Invariant: every sink was sent what it may read of the entries through `max(state.at, through)`. It is known after an
 * eviction, too: a sink's own `at` is in its attachment, and `through` begins at the least of them.
 */
export class LiveHub {
  readonly #deps: LiveHubDeps
  readonly #principals: LivePrincipals
  readonly #sinks = new Set<LiveSink>()
  #through: number | null = null
  #serving: Promise<void> | null = null
  #isWanted = false
  #isScheduled = false
  #servedAt = -Infinity

  constructor(deps: LiveHubDeps) {
    this.#deps = deps
    this.#principals = new LivePrincipals({ find: deps.findPrincipals, clock: deps.clock })
  }

  get sinks(): ReadonlySet<LiveSink> {
    return this.#sinks
  }

  /** Where every sink stands at least, as far as this life knows. */
  get through(): number {
    return this.#through ?? 0
  }

  /** One that was told everything through its `at`, in a life of before or just now. */
  add(sink: LiveSink): void {
    if (this.#sinks.size === 0) this.#through = null
    this.#sinks.add(sink)
  }

  remember(session: SessionId, principal: ReadPrincipal, at: number): Viewer {
    return this.#principals.remember(session, principal, at)
  }

  remove(sink: LiveSink): void {
    this.#sinks.delete(sink)
  }

  /** There are new entries. Costs the commit nothing: the sinks are told after its answer. */
  wake(): void {
    if (this.#sinks.size === 0 || this.#isScheduled) return
    this.#isScheduled = true
    const waitMs = Math.max(0, this.#servedAt + GATHER_MS - this.#deps.clock())
    this.#deps.later(() => {
      this.#isScheduled = false
      return this.serve()
    }, waitMs)
  }

  /** Brings every sink to the head. */
  serve(): Promise<void> {
    this.#isWanted = true
    return (this.#serving ??= this.#serveAll().finally(() => {
      this.#serving = null
      this.#servedAt = this.#deps.clock()
    }))
  }

  /** Asks anew who may read what, closes what has ended, and serves. */
  async check(): Promise<void> {
    this.#principals.distrust()
    await this.#refresh()
    await this.serve()
  }

  endSessions(sessions: ReadonlySet<SessionId>): void {
    this.#principals.forget(sessions)
    for (const sink of this.#sinks)
      if (sessions.has(sink.state.session)) this.drop(sink, LIVE_CLOSE.ended, 'the session has ended')
  }

  drop(sink: LiveSink, code: number, reason: string): void {
    this.remove(sink)
    sink.close(code, reason)
  }

  /** Sends, or lets go who does not take it. */
  tell(sink: LiveSink, message: LiveText): void {
    this.#deps.onSent(message.type)
    if (!sink.send(message)) this.drop(sink, LIVE_CLOSE.slow, 'too slow')
  }

  cursorOf(sink: LiveSink, at: number): string {
    const place: Cursor = { epoch: sink.state.epoch, seq: at }
    return cursorText(place, this.#deps.holderOf(sink))
  }

  async #serveAll(): Promise<void> {
    let isMore = false
    while ((this.#isWanted || isMore) && this.#sinks.size > 0) {
      this.#isWanted = false
      isMore = await this.#servePage()
    }
    this.#isWanted = false
  }

  /** @returns whether the journal goes on */
  async #servePage(): Promise<boolean> {
    const from = (this.#through ??= leastOf(this.#sinks))
    let page = await this.#deps.readPage(from, LIVE_PAGE)
    const start = Math.max(from, page.head - CATCH_UP_MAX, page.horizon)
    if (start > from) page = await this.#deps.readPage(start, LIVE_PAGE)
    await this.#refresh()
    // From here on nothing is awaited: no sink comes, and none is told anything else meanwhile.
    this.#reset(page)
    if (start > from && start <= page.head) this.#leaveBehind(start, page.head)
    const through = page.entries.at(-1)?.seq ?? Math.min(start, page.head)
    this.#broadcast(page.entries, start, through)
    this.#through = through
    return through < page.head
  }

  /** The journal is another one: the database was restored from a backup. */
  #reset({ epoch, head }: LivePage): void {
    for (const sink of this.#sinks) {
      if (sink.state.epoch === epoch) continue
      this.#moveTo(sink, head, epoch)
      this.tell(
        sink,
        plainMessage({ type: 'reset', reason: 'epoch', snapshot: SNAPSHOT_PATH, cursor: this.cursorOf(sink, head) }),
      )
    }
  }

  #leaveBehind(start: number, head: number): void {
    for (const sink of this.#sinks) {
      if (sink.state.at >= start) continue
      this.#moveTo(sink, head)
      this.tell(sink, plainMessage({ type: 'behind', cursor: this.cursorOf(sink, head) }))
    }
  }

  #broadcast(entries: readonly FeedEntry[], start: number, through: number): void {
    const texts = new Map<string, string | null>()
    for (const sink of this.#sinks) {
      const { at, session } = sink.state
      const viewer = this.#principals.get(session)
      if (at >= through || !viewer) continue
      const after = Math.max(at, start)
      const key = `${after} ${viewer.key}`
      if (!texts.has(key)) texts.set(key, textFor(viewer, entries, after))
      const changes = texts.get(key) ?? (through - at > QUIET_ADVANCE ? '[]' : null)
      if (changes !== null) this.#advance(sink, through, changes)
    }
  }

  #advance(sink: LiveSink, through: number, changes: string): void {
    const after = this.cursorOf(sink, sink.state.at)
    this.#moveTo(sink, through)
    this.tell(sink, changesMessage(after, this.cursorOf(sink, through), changes))
  }

  #moveTo(sink: LiveSink, at: number, epoch = sink.state.epoch): void {
    sink.state.at = at
    sink.state.epoch = epoch
    sink.save()
  }

  async #refresh(): Promise<void> {
    const sessions = new Set<SessionId>()
    for (const { state } of this.#sinks) sessions.add(state.session)
    this.endSessions(new Set(await this.#principals.refresh(sessions)))
    for (const sink of this.#sinks) {
      const viewer = this.#principals.get(sink.state.session)
      if (!viewer || viewer.mark === sink.state.sees) continue
      sink.state.sees = viewer.mark
      sink.save()
      this.tell(sink, plainMessage({ type: 'access' }))
    }
  }
}

function leastOf(sinks: Iterable<LiveSink>): number {
  let least = Infinity
  for (const { state } of sinks) least = Math.min(least, state.at)
  return least
}

function textFor(viewer: Viewer, entries: readonly FeedEntry[], after: number): string | null {
  const shown = shownTo(viewer, entries).filter(({ seq }) => seq > after)
  return shown.length === 0 ? null : changesText(shown)
}
