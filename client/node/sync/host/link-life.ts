import type { NodeId, SpaceId } from '../../../../core/ids.ts'
import type { ItemId } from '../../../../core/reconcile/item.ts'
import { createApi, type Api } from '../../../api.ts'
import { runtimeWebSocket } from '../../../live-connection.ts'
import type { Session } from '../../../credentials.ts'
import { SyncEngine } from '../../../sync/engine.ts'
import type { EngineOptions } from '../../../sync/engine-parts.ts'
import { createHttpRemote } from '../../../sync/http-remote.ts'
import type { Clock, Random, SyncEvent, SyncStore } from '../../../sync/ports.ts'
import { createRate } from '../../../sync/rate.ts'
import { openUploadJournal } from '../../upload-journal.ts'
import { bootId } from '../disk/root-lock.ts'
import type { Link } from '../links/link.ts'
import { watchedDisk } from '../watch/watched-disk.ts'
import type { LinkRoot } from './link-root.ts'
import { SpaceAccess } from './space-access.ts'

/** The engine waits and comes back by itself, and says so: waiting inside of a request would hide it. */
const TRIES = 2
const ACCESS_MS = 3_000
/** That rights in a space have changed is told by nobody, as long as it may be read. */
const ACCESS_EVERY_MS = 60_000

export type LifeParts = {
  link: Link
  /** Of the link's own. */
  folder: string
  root: LinkRoot
  store: SyncStore
  session: Session
  wasStoppedCleanly: boolean
  /** As it was last known. */
  canWrite: boolean
  fetch: typeof fetch
  clock: Clock
  random: Random
  tell: (event: SyncEvent) => void
  onAccess: (canWrite: boolean) => void
  options?: Partial<EngineOptions>
}

/** One engine, from sign-in to sign-out, and what can be changed while it runs. */
export type LinkLife = {
  readonly engine: SyncEngine
  readonly api: Api
  /** What the person has decided about the link since. */
  follow(link: Link): void
  /** What the person may do there; as it was last known, when nobody answers soon. */
  askAccess(): Promise<void>
  /** Until it has stopped. */
  run(): Promise<void>
  close(): void
}

export function createLinkLife(parts: LifeParts): LinkLife {
  const { link, root, store, session, fetch, clock, random } = parts
  const ending = new AbortController()
  const api = apiOf(parts, ending.signal)
  const up = createRate(clock, link.up)
  const selection = new Selection(link)
  const space = link.space as SpaceId
  const access = new SpaceAccess(api, { space, canWrite: parts.canWrite, onChange: parts.onAccess })
  const journal = openUploadJournal({ folder: parts.folder, account: link.profile, clock: clock.now })
  const remote = createHttpRemote({
    api,
    baseUrl: link.server,
    accessToken: session.accessToken,
    openWebSocket: runtimeWebSocket,
    fetch,
    clock,
    random,
    disk: root.disk,
    space,
    root: link.node as NodeId,
    device: link.device,
    journal,
    up,
    onAccess: () => void access.refresh(),
  })
  let accessKnown = Promise.resolve()
  const engine = new SyncEngine({
    store,
    ...watchedDisk(root.disk),
    remote,
    clock,
    random,
    tell: parts.tell,
    wasStoppedCleanly: parts.wasStoppedCleanly,
    bootId: bootId(),
    options: {
      ...parts.options,
      canWrite: () => access.canWrite,
      untilAccessIsKnown: () => accessKnown,
      isSelected: ({ id }) => !selection.has(id),
      unselected: () => selection.ids,
      downLimit: link.down,
    },
  })
  const askAccess = (): Promise<void> =>
    Promise.race([access.refresh(), clock.sleep(ACCESS_MS, ending.signal).catch(() => {})])
  return {
    engine,
    api,
    askAccess,
    follow: (next) => {
      up.limit(next.up)
      engine.limitDown(next.down)
      if (selection.follow(next)) engine.syncNow()
    },
    run: async () => {
      accessKnown = askAccess()
      const asking = askAgain(access, clock, ending.signal)
      await engine.run()
      ending.abort()
      await asking
    },
    close: () => {
      ending.abort()
      journal.close()
    },
  }
}

async function askAgain(access: SpaceAccess, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(ACCESS_EVERY_MS, signal).catch(() => {})
    if (!signal.aborted) await access.refresh()
  }
}

function apiOf({ link, session, fetch, clock, random }: LifeParts, signal: AbortSignal): Api {
  const world = { fetch, clock: clock.now, random: random.bytes, sleep: clock.sleep, signal, tries: TRIES }
  return createApi({ baseUrl: link.server, ...session, ...world })
}

/** What stays away from this device, by the id that it has on the server (SS-06). */
class Selection {
  ids: ReadonlySet<ItemId>

  constructor(link: Link) {
    this.ids = idsOf(link)
  }

  has(id: ItemId): boolean {
    return this.ids.has(id)
  }

  /** @returns whether it is another one now */
  follow(link: Link): boolean {
    const before = this.ids
    this.ids = idsOf(link)
    return before.size !== this.ids.size || [...before].some((id) => !this.ids.has(id))
  }
}

const idsOf = ({ unselected }: Link): ReadonlySet<ItemId> => new Set(unselected.map(({ id }) => id as NodeId))
