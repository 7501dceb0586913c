import { isOwnPath } from '../../client/sync/own-folder.ts'
import { NO_BYTES, type Entry, type Inode } from './inode.ts'
import type { InodeTree } from './inode-tree.ts'
import { errnoOf } from './life.ts'

/** Keeps count of what people put on disks and take away from them: see test/sim/ledger.ts. */
export type Account = {
  put(inode: Inode): void
  /** A person did away with what this held until now: wrote over it, or took its last name. */
  gone(inode: Inode, wasLast?: boolean): void
  folderGone(inode: Inode, name: string): void
  /** It has another name now: what it holds is the newest there. */
  moved(inode: Inode, from: string): void
  /** It has one more name. */
  linked(inode: Inode): void
}

const NO_ACCOUNT: Account = { put() {}, gone() {}, folderGone() {}, moved() {}, linked() {} }

/** What other programs of the person do to a file system. Each throws the system's errors, and has then done nothing. */
export class Person {
  readonly tree: InodeTree
  readonly #account: Account

  constructor(tree: InodeTree, account: Account = NO_ACCOUNT) {
    this.tree = tree
    this.#account = account
  }

  /** What is there and is the person's. */
  paths(wanted: (entry: Entry) => boolean = () => true): string[] {
    const found: string[] = []
    for (const { path, entry } of this.tree.walk()) if (!isOwnPath(path) && wanted(entry)) found.push(path)
    return found
  }

  files = (): string[] => this.paths(({ inode }) => inode.kind === 'file')
  folders = (): string[] => this.paths(({ inode }) => inode.kind === 'folder' && !inode.isMount)

  /** In place: the inode stays. */
  write(path: string, bytes: Uint8Array): Inode {
    const { folder, name, entry } = this.tree.find(path)
    if (!entry) {
      const inode = this.#make('file')
      this.tree.link(folder, name, inode)
      this.tree.setBytes(inode, bytes)
      this.#account.put(inode)
      return inode
    }
    this.rewrite(entry.inode, bytes)
    return entry.inode
  }

  /** Through a handle that was opened earlier, wherever the file is by now. */
  rewrite(inode: Inode, bytes: Uint8Array): void {
    if (inode.kind !== 'file') throw errnoOf('EISDIR')
    this.#account.gone(inode)
    inode.by = 'person'
    this.tree.setBytes(inode, bytes)
    // Whoever watches is told of a write by the folder that the name is in.
    for (const { folder, entry } of this.tree.walk())
      if (entry.inode === inode) this.tree.onChange(this.tree.pathOf(folder))
    if (inode.links > 0) this.#account.put(inode)
  }

  /** Through another name of it, where nobody watches (LK-07). */
  writeUnseen(path: string, bytes: Uint8Array): void {
    const { inode } = this.#file(path)
    this.#account.gone(inode)
    inode.by = 'person'
    this.tree.setBytes(inode, bytes)
    this.#account.put(inode)
  }

  /** A new file takes the name of the old one, in one step. @param isSynced the program waits for the disk before it renames */
  save(path: string, bytes: Uint8Array, isSynced: boolean): void {
    const { folder, name, entry } = this.tree.find(path)
    if (entry && entry.inode.kind !== 'file') throw errnoOf('EISDIR')
    const inode = this.#make('file')
    this.tree.asOne(() => {
      if (entry) this.#take(folder, name)
      this.tree.link(folder, name, inode)
    })
    this.tree.setBytes(inode, bytes, isSynced)
    if (entry) inode.executable = entry.inode.executable
    this.#account.put(inode)
  }

  /** The old file is moved aside, the new one written, the old one removed (AS-02). */
  saveAside(path: string, bytes: Uint8Array): void {
    this.rename(path, `${path}.bak`)
    this.write(path, bytes)
    this.remove(`${path}.bak`)
  }

  remove(path: string): void {
    const { folder, name, entry } = this.tree.find(path)
    if (!entry) throw errnoOf('ENOENT')
    if (entry.inode.entries.size > 0) throw errnoOf('ENOTEMPTY')
    this.#take(folder, name)
  }

  removeTree(path: string): void {
    const { entry } = this.tree.find(path)
    if (!entry) throw errnoOf('ENOENT')
    const below = entry.inode.kind === 'folder' ? [...this.tree.walk(entry.inode, path)] : []
    for (const { folder, entry } of below.reverse()) {
      // What another disk hides cannot be removed.
      if (entry.inode.isMount) throw errnoOf('EBUSY')
      this.#take(folder, entry.name)
    }
    this.remove(path)
  }

  /** As the system does it: over a file or an empty folder. */
  rename(from: string, to: string): void {
    this.tree.asOne(() => this.#rename(from, to))
  }

  #rename(from: string, to: string): void {
    const [source, target] = [this.tree.find(from), this.tree.find(to)]
    if (!source.entry) throw errnoOf('ENOENT')
    const { inode } = source.entry
    for (let at: Inode | null = target.folder; at; at = at.parent) if (at === inode) throw errnoOf('EINVAL')
    const isSame = target.entry?.inode === inode
    if (target.entry && !isSame) {
      if ((target.entry.inode.kind === 'folder') !== (inode.kind === 'folder')) throw errnoOf('EISDIR')
      if (target.entry.inode.entries.size > 0) throw errnoOf('ENOTEMPTY')
      this.#take(target.folder, target.name)
    }
    if (inode.isMount) throw errnoOf('EBUSY')
    this.tree.unlink(source.folder, source.name)
    try {
      this.tree.link(target.folder, target.name, inode)
      this.#account.moved(inode, source.name)
    } catch (error) {
      this.tree.link(source.folder, source.entry.name, inode)
      throw error
    }
  }

  makeFolder(path: string): void {
    const { folder, name } = this.tree.find(path)
    this.tree.link(folder, name, this.#make('folder'))
  }

  symlink(path: string, target: string): void {
    const { folder, name } = this.tree.find(path)
    const link = this.#make('symlink')
    link.target = target
    this.tree.link(folder, name, link)
    this.#account.put(link)
  }

  pipe(path: string): void {
    const { folder, name } = this.tree.find(path)
    this.tree.link(folder, name, this.#make('special'))
  }

  hardLink(from: string, to: string): void {
    const { entry } = this.tree.find(from)
    const { folder, name } = this.tree.find(to)
    if (!entry) throw errnoOf('ENOENT')
    if (entry.inode.kind !== 'file') throw errnoOf('EPERM')
    this.tree.link(folder, name, entry.inode)
    this.#account.linked(entry.inode)
  }

  /** A name that is no UTF-8: shown as the disk port shows it. */
  badName(folder: string, name: string, bytes: Uint8Array): void {
    const inode = this.#make('file')
    this.tree.link(this.tree.folderAt(folder), `${name}\uFFFDff`, inode, 'not-utf8')
    this.tree.setBytes(inode, bytes)
    this.#account.put(inode)
  }

  copyTree(from: string, to: string): void {
    const { entry } = this.tree.find(from)
    if (!entry) throw errnoOf('ENOENT')
    const all = entry.inode.kind === 'folder' ? [...this.tree.walk(entry.inode, to)] : []
    for (const one of [{ path: to, entry }, ...all]) this.#copy(one.entry.inode, one.path)
  }

  #copy(inode: Inode, path: string): void {
    if (inode.kind === 'folder') this.makeFolder(path)
    if (inode.kind === 'symlink') this.symlink(path, inode.target)
    if (inode.kind === 'file') this.write(path, inode.bytes)
  }

  chmod(path: string, executable: boolean): void {
    const { inode } = this.#file(path)
    inode.executable = executable
    inode.ctimeUs = this.tree.nowUs()
    this.tree.onChange(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  }

  touch(path: string, mtimeNs?: string): void {
    this.tree.touch(this.#file(path).inode, mtimeNs)
    this.tree.onChange(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
  }

  truncate(path: string): void {
    this.rewrite(this.#file(path).inode, NO_BYTES)
  }

  #file(path: string): Entry {
    const { entry } = this.tree.find(path)
    if (entry?.inode.kind !== 'file') throw errnoOf('ENOENT')
    return entry
  }

  #make = (kind: Inode['kind']): Inode => this.tree.make(kind, 'person')

  #take(folder: Inode, name: string): void {
    const inode = this.tree.unlink(folder, name)
    if (inode.kind === 'folder') this.#account.folderGone(inode, name)
    else this.#account.gone(inode, inode.links === 0 || !this.#hasName(inode))
  }

  /** One that a person knows: what we keep may be the same file by a hard link. */
  #hasName(inode: Inode): boolean {
    for (const { path, entry } of this.tree.walk()) if (entry.inode === inode && !isOwnPath(path)) return true
    return false
  }
}
