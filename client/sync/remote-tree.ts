import type { NodeId } from '../../core/ids.ts'
import type { ItemId } from '../../core/reconcile/item.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { StoreWriter, SyncStore } from './ports.ts'
import { isOlderThan, remoteStateOf } from './remote-state.ts'
import { agreedByCreation, agreedBySent, sentOf } from './sent.ts'

/**
 * The remote tree, written to: it holds what lives below the root and nothing else. What goes into the trash goes with all that lies below it; when
 * it comes back, so does its whole subtree, read anew (`Remote.below`). Why not kept aside: the trash would grow in every device's
 * store, for something that hardly ever happens.
 */
export class RemoteTree {
  /** An answer gave something the name of something else: that one has left it, which the journal is yet to tell. */
  isBehind = false
  readonly #store: SyncStore
  readonly #to: StoreWriter

  constructor(store: SyncStore, to: StoreWriter) {
    this.#store = store
    this.#to = to
  }

  /** Whether something in this folder is below our root, and lives. */
  holds(folder: string | null): boolean {
    if (folder === null) return false
    return folder === this.#store.root || this.remoteOf(folder as NodeId) !== null
  }

  remoteOf(id: ItemId) {
    return this.#store.item(id)?.remote ?? null
  }

  /** Somebody says that it lives, in a folder that we hold. @returns whether it was not known before */
  put(node: NodeStateWire, isAnew = false): boolean {
    const id = node.id as NodeId
    const known = this.remoteOf(id)
    if (known !== null && !isAnew && isOlderThan(node, known)) return false
    this.#recognise(node)
    this.#to.setRemote(id, remoteStateOf(node))
    return known === null
  }

  /** As an answer tells it. @param seen what the journal has told: of that, the tree knows more than an answer that is told again (PU-11) */
  putAnswered(node: NodeStateWire, seen: number): void {
    if (node.changedSeq <= seen) return
    const id = node.id as NodeId
    const known = this.remoteOf(id)
    if (node.trashedAt !== null) return this.drop(id)
    if (!this.holds(node.parentId) || (known !== null && isOlderThan(node, known))) return
    const state = remoteStateOf(node)
    const holder = this.#store.childNamed('remote', state.place.parent, state.place.name)
    if (holder !== null && holder !== id) this.isBehind = true
    this.#to.setRemote(id, state)
  }

  /** It does not live any more, or not below our root, and neither does anything below it. */
  drop(id: ItemId): void {
    const wanted = [id]
    for (let at = wanted.pop(); at !== undefined; at = wanted.pop()) {
      for (const child of this.#store.children('remote', at)) wanted.push(child)
      this.#dropOne(at)
    }
  }

  /** What is gone here too is forgotten at once: should it come back, that is news (ED-05, NW-02). */
  #dropOne(id: ItemId): void {
    const item = this.#store.item(id)
    if (!item) return
    this.#to.setRemote(id, null)
    if (item.local !== null) return
    this.#to.setSynced(id, null)
    this.#to.setBlocked(id, null)
    // What was announced may be on the disk, unseen yet.
    if (sentOf(item)?.do !== 'download') this.#to.setPending(id, null)
  }

  /** Is this what we sent, whose answer never came? Then it is agreed on, and no news. */
  #recognise(node: NodeStateWire): void {
    const id = node.id as NodeId
    const state = remoteStateOf(node)
    const item = this.#store.item(id)
    if (item?.local || item?.synced) {
      const agreed = item.pending === null ? null : agreedBySent(item, state)
      if (agreed === null) return
      this.#to.setSynced(id, agreed)
      this.#to.setPending(id, null)
      return
    }
    const here = this.#store.childNamed('local', state.place.parent, node.name)
    const created = here === null || here === id ? null : this.#store.item(here)
    const agreed = created?.pending ? agreedByCreation(created, state) : null
    if (here === null || agreed === null) return
    this.#to.become(here, id)
    this.#to.setSynced(id, agreed)
    this.#to.setPending(id, null)
  }
}
