import { existsSync } from 'node:fs'
import type { NodeId } from '../../../../core/ids.ts'
import type { SyncStore } from '../../../sync/ports.ts'
import type { LinkFolder } from '../links/link-folder.ts'
import type { Link } from '../links/link.ts'
import { damagedMark } from '../store/connection.ts'
import { openSyncStore, type OpenedStore } from '../store/open-store.ts'
import type { LinkVoice } from './link-voice.ts'

type Parts = { link: Link; folder: LinkFolder; voice: LinkVoice; now: () => number }

/**
 * The database of a link, open or not, and how the process before ended. A stop that was none is remembered until everything was looked at once: until then the
 * database is left as after a kill, however this process ends.
 */
export class LinkStore {
  readonly #parts: Parts
  #opened: OpenedStore | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get current(): SyncStore | null {
    return this.#opened?.store ?? null
  }

  /** Damage was met: it has to be opened anew, and is then set aside. */
  get isDamaged(): boolean {
    return existsSync(damagedMark(this.#parts.folder.database))
  }

  /** Takes the lock of the link, too. @throws AppError `busy`, `precondition-failed` */
  open(): Pick<OpenedStore, 'store' | 'wasStoppedCleanly'> {
    this.#opened ??= this.#openIt()
    return this.#opened
  }

  /** Everything was looked at once: from now on an end is an end. */
  noteMended(): void {
    if (this.#opened === null || this.#opened.wasStoppedCleanly) return
    this.#opened.wasStoppedCleanly = true
    this.#parts.voice.tally.note({ isMending: false })
  }

  /** @param options.isInOrder nothing went wrong */
  close({ isInOrder }: { isInOrder: boolean }): void {
    const opened = this.#opened
    this.#opened = null
    if (opened === null) return
    const { store, wasStoppedCleanly } = opened
    if (!isInOrder || !wasStoppedCleanly) return opened.abandon()
    this.#parts.voice.tally.note({ items: store.gone().synced, blocked: store.counts().blocked })
    store.close()
  }

  #openIt(): OpenedStore {
    const { link, folder, voice, now } = this.#parts
    const opened = openSyncStore({ path: folder.database, root: link.node as NodeId })
    const { store, isNew, wasStoppedCleanly, setAside } = opened
    if (store.meta('rootMarker') === null) store.write((to) => to.setMeta('rootMarker', link.id))
    if (setAside !== null) voice.tell({ kind: 'database-set-aside', path: setAside })
    const { uncleanStops, isMending } = voice.tally.facts
    // One that was ended in order before it was mended is the same one.
    if (!isNew && !wasStoppedCleanly && !isMending)
      voice.tally.note({ uncleanStops: uncleanStops + 1, lastUncleanStopAt: now(), isMending: true })
    void voice.tally.save()
    return opened
  }
}
