import type { NodeId } from '../../core/ids.ts'
import type { Abilities } from '../../core/reconcile/abilities.ts'
import type { ItemContent, ItemId, Placement, Stamp } from '../../core/reconcile/item.ts'
import { findLocalNameFault, isSameOnDisk } from '../../core/reconcile/names.ts'
import { describe } from './listings.ts'
import { MemoryTrees } from './memory-trees.ts'
import { hash } from './namespace-world.ts'

/** What people do on a disk that is nothing but the local tree, always just scanned. */
export abstract class TreeDisk {
  readonly trees: MemoryTrees
  protected readonly texts = new Map<string, string>()
  #count = 0

  constructor(root: NodeId) {
    this.trees = new MemoryTrees(root)
  }

  abstract get abilities(): Abilities

  write(path: string, text: string, { executable = false } = {}): ItemId {
    this.texts.set(hash(text), text)
    const before = this.find(path)
    const synced = before && this.trees.item(before)?.synced?.content
    const kept = !this.abilities.executableBit && synced?.kind === 'file' ? synced.executable : executable
    return this.#save(path, { kind: 'file', sha256: hash(text), size: Buffer.byteLength(text), executable: kept })
  }
  mkdir(path: string): ItemId {
    return this.#save(path, { kind: 'folder' })
  }
  link(path: string, target: string): ItemId {
    return this.#save(path, { kind: 'symlink', target })
  }
  move(from: string, to: string): void {
    const id = this.at(from)
    const place = this.#placeAt(to)
    this.trees.setLocal(id, { ...this.trees.item(id)!.local!, place, stamp: this.stamp() })
  }
  remove(path: string): void {
    const going = [this.at(path)]
    for (const id of going) going.push(...this.trees.children('local', id))
    for (const id of going) this.trees.setLocal(id, null)
  }
  chmod(path: string, executable: boolean): void {
    const id = this.at(path)
    const local = this.trees.item(id)!.local!
    if (local.content?.kind !== 'file') throw new Error(`${path} is no file`)
    this.trees.setLocal(id, { ...local, content: { ...local.content, executable }, stamp: this.stamp() })
  }
  /** As a backup has it: other bytes, with an earlier time. */
  goBack(path: string, text: string): void {
    this.write(path, text)
    const local = this.trees.item(this.at(path))!.local!
    this.trees.setLocal(this.at(path), { ...local, stamp: { ...local.stamp, mtimeNs: '0' } })
  }
  /** Noticed, and not read yet. */
  touch(path: string): void {
    const id = this.at(path)
    this.trees.setLocal(id, { ...this.trees.item(id)!.local!, content: null, stamp: this.stamp() })
  }

  at(path: string): ItemId {
    const id = this.find(path)
    if (!id) throw new Error(`no ${path}`)
    return id
  }
  find(path: string): ItemId | null {
    let at: ItemId | null = this.trees.root
    for (const name of path.split('/').filter(Boolean))
      at = at && this.trees.childNamed('local', at, this.spelled(name))
    return at
  }
  /** This disk could take something under this name: nothing of that name, or of one that it takes for the same, is there. */
  isFree(path: string, except: ItemId | null = null): boolean {
    const names = path.split('/')
    const name = names.pop()!
    const parent = this.find(names.join('/'))
    const folder = parent && parent !== this.trees.root ? this.trees.item(parent)!.local! : null
    if (!parent || (folder && folder.kind !== 'folder')) return false
    const { abilities } = this
    return (
      findLocalNameFault(name, abilities) === null &&
      this.trees
        .children('local', parent)
        .every((id) => id === except || !isSameOnDisk(this.trees.item(id)!.local!.place.name, name, abilities))
    )
  }

  pathOf(id: ItemId): string {
    const { parent, name } = this.trees.item(id)!.local!.place
    return parent === this.trees.root ? name : `${this.pathOf(parent)}/${name}`
  }

  /** Paths with what is there, in order. */
  listing(): string[] {
    const lines: string[] = []
    const folders: { id: ItemId; path: string }[] = [{ id: this.trees.root, path: '' }]
    for (const { id, path } of folders) {
      for (const child of this.trees.children('local', id)) {
        const { place, content } = this.trees.item(child)!.local!
        const at = path + place.name
        lines.push(describe(at, content))
        if (content?.kind === 'folder') folders.push({ id: child, path: `${at}/` })
      }
    }
    return lines.sort()
  }

  #save(path: string, content: ItemContent): ItemId {
    const id = this.find(path) ?? this.trees.newLocalId()
    const place = this.trees.item(id)?.local?.place ?? this.#placeAt(path)
    this.trees.setLocal(id, { place, kind: content.kind, content, stamp: this.stamp(), isSettled: true })
    return id
  }

  #placeAt(path: string): Placement {
    const names = path.split('/')
    const name = this.spelled(names.pop()!)
    return { parent: this.at(names.join('/')), name }
  }

  spelled(name: string): string {
    const { normalises } = this.abilities
    return normalises === 'nothing' ? name : name.normalize(normalises === 'nfd' ? 'NFD' : 'NFC')
  }

  stamp(): Stamp {
    const time = `${++this.#count}`
    return { ino: time, size: 0, mtimeNs: time, ctimeNs: time }
  }
}
