import type { Link } from '../links/link.ts'
import { shownPath } from '../../../sync/local-path.ts'
import type { SyncStore } from '../../../sync/ports.ts'
import type { BlockedItem, LinkStatus } from './link-status.ts'
import type { LinkVoice } from './link-voice.ts'
import type { TallyFacts } from './tally.ts'

const BLOCKED_SHOWN = 50

type Facts = {
  link: Link
  process: NonNullable<LinkStatus['process']>
  voice: LinkVoice
  /** `null`: between two lives. */
  store: SyncStore | null
  watcherTrouble: string | null
}

export function statusOf({ link, process, voice, store, watcherTrouble }: Facts): LinkStatus {
  const { facts } = voice.tally
  return {
    link,
    process,
    ...voice.activity.shown,
    ...kept(facts),
    ...(store && {
      items: store.gone().synced,
      blocked: store.counts().blocked,
      blockedItems: blockedOf(store, BLOCKED_SHOWN),
    }),
    watcherTrouble,
  }
}

/** Of a link that nobody works on: what was last known. */
export function statusAtRest(link: Link, facts: TallyFacts | null): LinkStatus {
  return {
    link,
    process: null,
    state: 'not-running',
    reason: link.paused ? 'paused' : null,
    since: null,
    progress: null,
    moving: [],
    recent: [],
    brake: null,
    watcherTrouble: null,
    ...kept(facts),
  }
}

export const blockedOf = (store: SyncStore, limit: number): BlockedItem[] =>
  store.blocked(limit).map(({ id, blocked }) => ({
    path: shownPath(store, id),
    reason: blocked?.reason ?? '',
    detail: blocked?.detail ?? '',
  }))

type Kept = Pick<
  LinkStatus,
  | 'items'
  | 'blocked'
  | 'blockedItems'
  | 'canWrite'
  | 'refusals'
  | 'uncleanStops'
  | 'lastUncleanStopAt'
  | 'lastUpToDateAt'
  | 'lastChangeAt'
>

const kept = (facts: TallyFacts | null): Kept => ({
  items: facts?.items ?? 0,
  blocked: facts?.blocked ?? 0,
  blockedItems: [],
  canWrite: facts?.canWrite ?? true,
  refusals: facts?.refusals ?? 0,
  uncleanStops: facts?.uncleanStops ?? 0,
  lastUncleanStopAt: facts?.lastUncleanStopAt ?? null,
  lastUpToDateAt: facts?.lastUpToDateAt ?? null,
  lastChangeAt: facts?.lastChangeAt ?? null,
})
