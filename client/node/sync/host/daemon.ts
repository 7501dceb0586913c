import { join } from 'node:path'
import { AppError } from '../../../../core/errors.ts'
import { Doorbell } from '../../../sync/doorbell.ts'
import { serveControl } from '../control/serve-control.ts'
import { syncFolder } from '../links/link-folder.ts'
import type { Link } from '../links/link.ts'
import { takeStoreLock } from '../store/store-lock.ts'
import { daemonRoutes } from '../control/daemon-control.ts'
import { LinkHost, type HostParts } from './link-host.ts'
import type { SignIn } from './sign-in.ts'
import { mkdirSync } from 'node:fs'

/** Whether links came or went is looked at so often, if nobody says so. */
const LOOK_MS = 5_000

export type DaemonParts = Omit<HostParts, 'link' | 'signIn'> & {
  signInOf: (link: Link) => SignIn
  /** Something that only the log should know. */
  log: (line: string) => void
  /** No link has had anything to do for some seconds; told again and again. */
  onRest: () => void
}

/** How the background process fares with one link. `held`: another process works on it. */
export type DaemonLink = { id: string; is: 'working' | 'held' | 'failed'; detail: string | null }

/** One process for all links of this user. Each is a world of its own: what ends one does not end another. */
export class SyncDaemon {
  readonly #parts: DaemonParts
  readonly #bell: Doorbell
  readonly #stopping = new AbortController()
  readonly #hosts = new Map<string, { host: LinkHost; ended: Promise<void> }>()
  readonly #others = new Map<string, DaemonLink>()
  #mark = 'never looked'

  constructor(parts: DaemonParts) {
    this.#parts = parts
    this.#bell = new Doorbell(parts.clock)
  }

  /** Until `stop`. @throws AppError `busy`: there is one already */
  async run(): Promise<void> {
    const folder = syncFolder(this.#parts.state)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const unlock = takeStoreLock(join(folder, 'daemon'))
    try {
      const control = await serveControl(daemonNote(this.#parts.state), daemonRoutes(this))
      try {
        while (!this.#stopping.signal.aborted) await this.#turn()
      } finally {
        await this.#stopAll()
        await control.close()
      }
    } finally {
      unlock()
    }
  }

  stop(): void {
    this.#stopping.abort()
    this.#bell.ring()
  }

  /** Links have come, gone or changed. Resolves when each has been taken up, or cannot be. */
  async reload(): Promise<void> {
    await this.#follow()
  }

  get process(): HostParts['process'] {
    return this.#parts.process
  }

  links(): DaemonLink[] {
    const working = [...this.#hosts.keys()].map((id): DaemonLink => ({ id, is: 'working', detail: null }))
    return [...working, ...this.#others.values()]
  }

  async #turn(): Promise<void> {
    try {
      const mark = await this.#parts.links.mark()
      // Those that are held by others are tried again, whatever the file says.
      if (mark !== this.#mark || this.#others.size > 0) await this.#follow()
      this.#mark = mark
    } catch (error) {
      this.#parts.log(`the links cannot be read: ${(error as Error).message}`)
    }
    await this.#bell.sleep(LOOK_MS)
    if (this.#isAtRest()) this.#parts.onRest()
  }

  #isAtRest(): boolean {
    const now = this.#parts.clock.now()
    return (
      !this.#stopping.signal.aborted && [...this.#hosts.values()].every(({ host }) => host.voice.activity.isAtRest(now))
    )
  }

  async #follow(): Promise<void> {
    const links = await this.#parts.links.list()
    const ids = new Set(links.map(({ id }) => id))
    for (const id of this.#others.keys()) if (!ids.has(id)) this.#others.delete(id)
    // A host finds out by itself that its link is no more.
    await Promise.all([...this.#hosts.values()].map(({ host }) => host.reload()))
    for (const link of links) if (!this.#hosts.has(link.id) && !this.#stopping.signal.aborted) this.#begin(link)
    await Promise.all([...this.#hosts.values()].map(({ host }) => host.answering))
  }

  #begin(link: Link): void {
    const { id } = link
    let host: LinkHost
    try {
      host = new LinkHost({ ...this.#parts, link, signIn: this.#parts.signInOf(link) })
    } catch (error) {
      const is = error instanceof AppError && error.code === 'busy' ? 'held' : 'failed'
      this.#note({ id, is, detail: (error as Error).message })
      return
    }
    this.#others.delete(id)
    this.#parts.log(`working on ${id}`)
    const ended = host.run().then(
      () => this.#parts.log(`no longer working on ${id}`),
      (error: unknown) => this.#note({ id, is: 'failed', detail: (error as Error).message }),
    )
    this.#hosts.set(id, { host, ended: ended.finally(() => this.#ended(id)) })
  }

  /** It may have been told to stop, or its link is gone; or there is more to do for it. */
  #ended(id: string): void {
    this.#hosts.delete(id)
    this.#mark = 'something ended'
    this.#bell.ring()
  }

  #note(link: DaemonLink): void {
    const known = this.#others.get(link.id)
    if (known?.is !== link.is || known.detail !== link.detail) this.#parts.log(`${link.id} ${link.is}: ${link.detail}`)
    this.#others.set(link.id, link)
  }

  async #stopAll(): Promise<void> {
    const all = [...this.#hosts.values()]
    for (const { host } of all) host.stop()
    await Promise.all(all.map(({ ended }) => ended))
  }
}

export const daemonNote = (state: string): string => join(syncFolder(state), 'daemon.json')
