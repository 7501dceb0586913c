import { AppError } from '../../../../core/errors.ts'
import { Doorbell } from '../../../sync/doorbell.ts'
import type { EngineOptions } from '../../../sync/engine-parts.ts'
import type { Clock, Random, SyncEvent } from '../../../sync/ports.ts'
import { RootGone } from '../../../sync/root-gone.ts'
import { RootLost } from '../../../sync/root-lost.ts'
import { SCAN_LIMITS } from '../../../sync/scan/scan-types.ts'
import { isOfPort } from '../../../sync/trouble.ts'
import { linkRoutes } from '../control/link-routes.ts'
import { serveControl, type ControlServer } from '../control/serve-control.ts'
import { beginListThread } from '../disk/list-thread.ts'
import { linkFolder, type LinkFolder } from '../links/link-folder.ts'
import type { LinkFile } from '../links/link-file.ts'
import type { Link } from '../links/link.ts'
import { describePlan, type PlanReply } from './describe-plan.ts'
import { DeviceKeeper, labelOf } from './device.ts'
import { createLinkLife, type LinkLife } from './link-life.ts'
import { openLinkRoot, type LinkRoot } from './link-root.ts'
import type { BlockedItem, LinkStatus } from './link-status.ts'
import { LinkStore } from './link-store.ts'
import { LinkVoice } from './link-voice.ts'
import type { SignIn } from './sign-in.ts'
import { blockedOf, statusOf } from './status-of.ts'
import { troubleText } from './trouble-text.ts'
import { ROOT_AGAIN_MS, untilRootIsAnother, untilSignedIn } from './waits.ts'

const FAILURE_FIRST_MS = 2_000
const FAILURE_MAX_MS = 300_000
const PLAN_MAX_STEPS = 10_000
const BLOCKED_LISTED = 5_000
const NOT_NOW = 'the two sides cannot be compared now'

export type HostParts = {
  link: Link
  links: LinkFile
  /** See `stateFolder`. */
  state: string
  process: NonNullable<LinkStatus['process']>
  hostName: string
  /** Such as `linux-x64`. */
  platform: string
  signIn: SignIn
  fetch: typeof fetch
  clock: Clock
  random: Random
  options?: Partial<EngineOptions>
}

/**
 * Works on one link until it is told to stop: lock, database, folder, sign-in, engine, opened in this order and closed in the other. What fails outside of the
 * engine is waited for, and said: a drive that is not there, a sign-in that has ended, a mistake of ours.
 *
 *     store (the lock of the link) ──► root (marker, lock) ──► sign-in ──► engine ──┐
 *        ▲                               ▲                      ▲                  │ until one of them is gone
 *        └── damaged, mistakes ──────────┴── missing, other ────┴── signed out ◄───┘
 */
export class LinkHost {
  readonly folder: LinkFolder
  readonly voice: LinkVoice
  readonly #parts: HostParts
  readonly #bell: Doorbell
  readonly #stopping = new AbortController()
  readonly #answering = Promise.withResolvers<void>()
  #link: Link
  readonly #store: LinkStore
  #life: LinkLife | null = null
  #keeper: DeviceKeeper | null = null
  #failures = 0
  #refused = 0

  /** @throws AppError `busy` with the `owner`'s process id: another process works on it; `precondition-failed`: the database is a newer version's */
  constructor(parts: HostParts) {
    this.#parts = parts
    this.#link = parts.link
    this.folder = linkFolder(parts.link.id, parts.state)
    this.voice = new LinkVoice(this.folder, parts.clock.now)
    this.#bell = new Doorbell(parts.clock)
    this.#store = new LinkStore({ link: parts.link, folder: this.folder, voice: this.voice, now: parts.clock.now })
    if (!parts.link.paused && this.voice.tally.facts.items >= SCAN_LIMITS.largeFrom) beginListThread()
    this.#store.open()
  }

  /** Until `stop`, or until the link is no more. */
  async run(): Promise<void> {
    const { signal } = this.#stopping
    let control: ControlServer | null = null
    try {
      control = await serveControl(this.folder.control, linkRoutes(this))
      this.#answering.resolve()
      while (!signal.aborted) await this.#turn()
    } finally {
      this.#answering.resolve()
      this.#tell({ kind: 'state', state: 'stopped' })
      // As long as we hold the lock, what lies there is ours.
      await control?.close()
      this.#store.close({ isInOrder: true })
      await this.voice.close()
    }
  }

  /** It can be asked how it fares; or it will never be. */
  get answering(): Promise<void> {
    return this.#answering.promise
  }

  stop(): void {
    this.#stopping.abort(STOPPED)
    this.#life?.engine.stop()
    this.#bell.ring()
  }

  /** What the person has decided about the link is read again. */
  async reload(): Promise<void> {
    const link = await this.#parts.links.find(this.#link.id)
    if (link === null) return this.stop()
    const before = this.#link
    this.#link = link
    this.#life?.follow(link)
    // Everything is opened anew.
    if (link.root !== before.root) this.#life?.engine.stop()
    if (link.paused && !before.paused) this.#life?.engine.pause()
    if (!link.paused && before.paused) this.#life?.engine.resume()
  }

  syncNow(): void {
    void this.#life?.askAccess()
    this.#life?.engine.syncNow()
    this.#bell.ring()
  }

  /** @throws AppError `precondition-failed`: nothing was asked */
  answer(answer: 'keep' | 'delete'): void {
    const { brake } = this.voice.activity.shown
    if (brake === null || this.#life === null)
      throw new AppError('precondition-failed', { detail: 'nothing waits for an answer' })
    this.#life.engine.answerBrake(brake.mass, answer)
  }

  /** @returns how many files that the disk has damaged are fetched again. @throws AppError `precondition-failed`: not now */
  async repair(): Promise<number> {
    if (this.#life === null) throw new AppError('precondition-failed', { detail: 'the folder is not worked on now' })
    try {
      return await this.#life.engine.repair()
    } catch (cause) {
      if (!isOfPort(cause) && !(cause instanceof RootLost)) throw cause
      throw new AppError('precondition-failed', { detail: (cause as Error).message }, { cause })
    }
  }

  /** What would be done. @throws AppError `precondition-failed` with the `state` in which nothing can be said */
  async look(): Promise<PlanReply> {
    const { state, reason } = this.voice.activity.shown
    const store = this.#store.current
    if (this.#life === null || store === null || state === 'offline' || state === 'stopped')
      throw new AppError('precondition-failed', { detail: NOT_NOW, state, reason })
    try {
      return describePlan(store, await this.#life.engine.look(PLAN_MAX_STEPS))
    } catch (cause) {
      if (!isOfPort(cause) && !(cause instanceof RootLost) && !(cause instanceof RootGone)) throw cause
      throw new AppError('precondition-failed', { detail: NOT_NOW, state, reason: (cause as Error).message }, { cause })
    }
  }

  /** More of what is blocked than a status lists. */
  blocked(): BlockedItem[] {
    const store = this.#store.current
    return store ? blockedOf(store, BLOCKED_LISTED) : []
  }

  status(): LinkStatus {
    const watcherTrouble = this.#life?.engine.watcherTrouble ?? null
    const { process } = this.#parts
    return statusOf({ link: this.#link, process, voice: this.voice, store: this.#store.current, watcherTrouble })
  }

  async #turn(): Promise<void> {
    const root = await openLinkRoot(this.#link)
    if ('is' in root) {
      this.#tell({ kind: 'state', state: 'stopped', reason: root.is })
      return this.#bell.sleep(ROOT_AGAIN_MS)
    }
    try {
      await this.#work(root)
    } catch (error) {
      await this.#fail(error)
    } finally {
      root.close()
    }
  }

  async #work(root: LinkRoot): Promise<void> {
    const { signIn } = this.#parts
    const mark = await signIn.mark()
    if (mark === null) return this.#waitForSignIn(null)
    const session = await signIn.open()
    const { store, wasStoppedCleanly } = this.#store.open()
    // From here to `#live` nobody comes in between: what is decided later is told to the life.
    store.write((to) => to.setMeta('paused', this.#link.paused ? 'yes' : null))
    const life = createLinkLife({
      ...this.#parts,
      link: this.#link,
      folder: this.folder.path,
      root,
      store,
      wasStoppedCleanly,
      session,
      canWrite: this.voice.tally.facts.canWrite,
      tell: (event) => this.#tell(event),
      onAccess: (canWrite) => this.#onAccess(canWrite),
    })
    await this.#live(life, root)
    if (this.voice.activity.shown.reason === 'signed-out') await this.#waitForSignIn(mark)
  }

  async #live(life: LinkLife, root: LinkRoot): Promise<void> {
    const ending = new AbortController()
    this.#life = life
    this.#keeper = this.#keepDevice(life, ending.signal)
    const watching = untilRootIsAnother(root, this.voice, this.#parts.clock, ending.signal).then(() =>
      life.engine.stop(),
    )
    try {
      await life.run()
      this.#failures = 0
    } finally {
      this.#life = this.#keeper = null
      this.#refused = 0
      ending.abort(STOPPED)
      life.close()
      await watching
    }
    if (this.#store.isDamaged) this.#store.close({ isInOrder: false })
  }

  #keepDevice({ api, engine }: LinkLife, signal: AbortSignal): DeviceKeeper {
    const { hostName, platform, clock, links } = this.#parts
    const label = labelOf(hostName, this.#link.root, platform)
    const onNew = async (device: string): Promise<void> => {
      this.#link = (await links.updateOne(this.#link.id, (link) => ({ ...link, device }))) ?? this.#link
      // Cursors are bound to the device: the engine begins with it anew.
      engine.stop()
    }
    const keeper = new DeviceKeeper({ api, id: this.#link.device, label, sleep: clock.sleep, signal, onNew })
    void keeper.bind()
    return keeper
  }

  async #waitForSignIn(before: string | null): Promise<void> {
    const { clock, signIn } = this.#parts
    this.#tell({ kind: 'state', state: 'stopped', reason: 'signed-out' })
    const sleep = (ms: number): Promise<void> => this.#bell.sleep(ms)
    await untilSignedIn(signIn, before, { clock, sleep, signal: this.#stopping.signal })
  }

  /** A mistake of ours: said, and tried again, each time later. Everything is opened anew. */
  async #fail(error: unknown): Promise<void> {
    this.#tell({ kind: 'failure', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    this.#tell({ kind: 'state', state: 'stopped', reason: 'internal' })
    this.#store.close({ isInOrder: false })
    await this.#bell.sleep(Math.min(FAILURE_MAX_MS, FAILURE_FIRST_MS * 2 ** this.#failures++))
  }

  #onAccess(canWrite: boolean): void {
    this.#tell({ kind: 'access', canWrite })
    this.#life?.engine.syncNow()
  }

  #tell(event: SyncEvent | Parameters<LinkVoice['tell']>[0]): void {
    this.voice.tell(event)
    if (event.kind === 'guard') this.#countRefusals()
    // The server said no where we thought that we may write.
    if (event.kind === 'blocked' && event.reason === 'read-only') void this.#life?.askAccess()
    if (event.kind !== 'state') return
    if (MENDED.has(event.state)) this.#store.noteMended()
    this.#keeper?.tell(this.#troubleText())
    if (event.state === 'offline' && this.#store.isDamaged) this.#life?.engine.stop()
    void this.voice.tally.save()
  }

  /** They are counted over restarts: each is a mistake of ours, or a race that was caught (I1). */
  #countRefusals(): void {
    const refusals = this.#life?.engine.refusals() ?? 0
    if (refusals === this.#refused) return
    const { tally } = this.voice
    tally.note({ refusals: tally.facts.refusals + refusals - this.#refused })
    this.#refused = refusals
    void tally.save()
  }

  #troubleText(): string | null {
    const store = this.#store.current
    const reasons = store?.blocked(REASONS_OF).flatMap(({ blocked }) => blocked?.reason ?? []) ?? []
    return troubleText({ ...this.voice.activity.shown, blocked: store?.counts().blocked ?? 0, reasons })
  }
}

const REASONS_OF = 200
/** An engine says these when everything has been looked at. */
const MENDED: ReadonlySet<string> = new Set(['syncing', 'up-to-date'])
const STOPPED = new DOMException('the link is not worked on any more', 'AbortError')
