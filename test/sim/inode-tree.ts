import { errnoOf } from './life.ts'
import { keyOfName, nameErrno, NO_BYTES, spelledBy, stampOf, type Entry, type FsModel, type Inode } from './inode.ts'

/** Windows, as it comes. */
const SHORT_PATH = 1_000

/** Where a path leads: the folder that holds the name, and what has it. */
export type Found = { folder: Inode; name: string; entry: Entry | null }

/**
 * A file system in memory, with what one is made of: inodes, names, times of a certain grain, and a journal of names that is not written at
 * once. Whoever changes it says whether the change is durable.
 */
export class InodeTree {
  readonly model: FsModel
  readonly #clockUs: () => number
  readonly #uptimeUs: () => number
  readonly #free: number[] = []
  #lastIno = 100
  #births = 0
  root: Inode
  /** How to take back what the journal of names has not written yet. */
  #volatile: { sinceUs: number; group: number; undo: () => void }[] = []
  #group = 0
  #isGrouped = false
  /** There is no room for anything new. */
  isFull = false
  /** What is left for the bytes of new files. */
  roomBytes = Infinity
  /** Grows with every change of anything. */
  changes = 0
  /** Told of every folder in which something changed. */
  onChange: (folder: string) => void = () => {}

  /**
   * @param clockUs microseconds since 1970, by the device's clock
   * @param uptimeUs that nobody sets: what has been in memory for long was written
   */
  constructor(model: FsModel, clockUs: () => number, uptimeUs = clockUs) {
    this.model = model
    this.#clockUs = clockUs
    this.#uptimeUs = uptimeUs
    this.root = this.make('folder', 'person')
  }

  /** What a change would be stamped with now. */
  nowUs(): number {
    const grainUs = Math.max(1, Number(this.model.grainNs / 1_000n))
    return Math.floor(this.#clockUs() / grainUs) * grainUs
  }

  /** In memory only since so long. */
  ageUs = ({ unwritten }: Inode): number => (unwritten ? this.#uptimeUs() - unwritten.sinceUs : Infinity)

  make(kind: Inode['kind'], by: Inode['by']): Inode {
    const ino = (this.model.reusesInodes ? this.#free.pop() : undefined) ?? ++this.#lastIno
    const nowUs = this.nowUs()
    return {
      ino,
      birth: ++this.#births,
      kind,
      by,
      bytes: NO_BYTES,
      target: '',
      executable: false,
      mtimeNs: `${nowUs}000`,
      ctimeUs: nowUs,
      entries: new Map(),
      parent: null,
      links: 0,
      unwritten: null,
      trouble: null,
      isMount: false,
    }
  }

  /** @throws ENOENT, ENOTDIR: nothing above is followed that is no folder */
  find(path: string): Found {
    const names = path.split('/')
    const name = names.pop()!
    let folder = this.root
    for (const step of names) {
      const next = folder.entries.get(keyOfName(step, this.model))?.inode
      if (!next) throw errnoOf('ENOENT', 'a folder above is not there')
      if (next.kind !== 'folder') throw errnoOf('ENOTDIR', 'something above is no folder')
      if (next.isMount) throw errnoOf('EXDEV', 'another file system is mounted above')
      folder = next
    }
    return { folder, name, entry: folder.entries.get(keyOfName(name, this.model)) ?? null }
  }

  /** @returns `null`: there is nothing, or something above is no folder */
  at(path: string): Entry | null {
    if (path === '') return { name: '', inode: this.root }
    try {
      return this.find(path).entry
    } catch {
      return null
    }
  }

  /** @throws ENOENT, ENOTDIR */
  folderAt(path: string): Inode {
    if (path === '') return this.root
    const { entry } = this.find(path)
    if (!entry) throw errnoOf('ENOENT')
    if (entry.inode.kind !== 'folder') throw errnoOf('ENOTDIR')
    if (entry.inode.isMount) throw errnoOf('EXDEV')
    return entry.inode
  }

  /** @throws EEXIST, ENAMETOOLONG, EINVAL */
  link(folder: Inode, name: string, inode: Inode, fault?: Entry['fault']): Entry {
    const spelled = spelledBy(name, this.model)
    const key = keyOfName(spelled, this.model)
    const errno = nameErrno(name, this.model) ?? this.#pathErrno(folder, spelled)
    if (errno !== null) throw errnoOf(errno)
    if (folder.entries.has(key)) throw errnoOf('EEXIST')
    const entry: Entry = { name: spelled, inode, ...(fault && { fault }) }
    const parentBefore = inode.parent
    if (inode.links === 0) this.#takeBack(inode)
    this.#put(folder, key, entry)
    if (inode.kind === 'folder') inode.parent = folder
    inode.links++
    inode.ctimeUs = this.nowUs()
    this.#later(() => {
      folder.entries.delete(key)
      inode.links--
      inode.parent = parentBefore
    })
    return entry
  }

  /** Of a short limit only: the others are not met. */
  #pathErrno(folder: Inode, name: string): string | null {
    const { pathMax } = this.model
    if (pathMax === null || pathMax > SHORT_PATH) return null
    const above = this.pathOf(folder)
    return above.length + (above === '' ? 0 : 1) + name.length > pathMax ? 'ENAMETOOLONG' : null
  }

  unlink(folder: Inode, name: string): Inode {
    const key = keyOfName(name, this.model)
    const entry = folder.entries.get(key)
    if (!entry) throw errnoOf('ENOENT')
    const { inode } = entry
    folder.entries.delete(key)
    this.#touchFolder(folder)
    inode.links--
    inode.ctimeUs = this.nowUs()
    if (inode.links === 0) this.#free.push(inode.ino)
    this.#later(() => {
      folder.entries.set(key, entry)
      if (inode.links === 0) this.#takeBack(inode)
      inode.links++
      if (inode.kind === 'folder') inode.parent = folder
    })
    return inode
  }

  /** A rename: after a crash it has happened, or it has not. */
  asOne<T>(work: () => T): T {
    const isOuter = !this.#isGrouped
    if (isOuter) this.#group++
    this.#isGrouped = true
    try {
      return work()
    } finally {
      if (isOuter) this.#isGrouped = false
    }
  }

  #later(undo: () => void): void {
    if (!this.#isGrouped) this.#group++
    this.#volatile.push({ sinceUs: this.#uptimeUs(), group: this.#group, undo })
  }

  #put(folder: Inode, key: string, entry: Entry): void {
    folder.entries.set(key, entry)
    this.#touchFolder(folder)
  }

  #touchFolder(folder: Inode): void {
    this.changes++
    folder.ctimeUs = this.nowUs()
    folder.mtimeNs = `${folder.ctimeUs}000`
    this.onChange(this.pathOf(folder))
  }

  #takeBack({ ino }: Inode): void {
    const at = this.#free.lastIndexOf(ino)
    if (at >= 0) this.#free.splice(at, 1)
  }

  /** New bytes in the same file; they are in memory only, until somebody makes them durable. */
  setBytes(inode: Inode, bytes: Uint8Array, isDurable = false): void {
    if (isDurable) inode.unwritten = null
    else inode.unwritten ??= { sinceUs: this.#uptimeUs(), was: inode.bytes }
    inode.bytes = bytes
    this.touch(inode)
  }

  touch(inode: Inode, mtimeNs?: string): void {
    this.changes++
    inode.ctimeUs = this.nowUs()
    inode.mtimeNs = mtimeNs ?? `${inode.ctimeUs}000`
  }

  /** Names, and with them the times of folders, are written. */
  commitNames(): void {
    this.#volatile = []
  }

  /** All of it is on the disk: nothing is lost with the power any more. */
  flush(): void {
    this.commitNames()
    for (const { entry } of this.walk()) entry.inode.unwritten = null
  }

  /**
   * For a crash: the newest changes of names, as many as `keep` does not say, never happened.
   * @param writtenUs what is older was written by itself
   */
  loseNames(writtenUs: number, keep: (count: number) => number): void {
    const young = this.#volatile.filter(({ sinceUs }) => sinceUs > this.#uptimeUs() - writtenUs)
    const groups = [...new Set(young.map(({ group }) => group))]
    const kept = new Set(groups.slice(0, keep(groups.length)))
    const lost = young.filter(({ group }) => !kept.has(group))
    for (const { undo } of lost.reverse()) undo()
    this.#volatile = []
  }

  /** '' for the root, and for what hangs nowhere. */
  pathOf(folder: Inode): string {
    const names: string[] = []
    for (let at = folder; at.parent; at = at.parent) {
      const parent = at.parent
      const entry = [...parent.entries.values()].find(({ inode }) => inode === at)
      if (!entry) return ''
      names.push(entry.name)
    }
    return names.reverse().join('/')
  }

  /** Everything below a folder with its path, each after its folder; in the order in which names came. */
  *walk(folder: Inode = this.root, above = ''): Generator<{ path: string; entry: Entry; folder: Inode }> {
    const folders = [{ at: folder, path: above }]
    for (const { at, path } of folders) {
      for (const entry of at.entries.values()) {
        const below = path === '' ? entry.name : `${path}/${entry.name}`
        yield { path: below, entry, folder: at }
        if (entry.inode.kind === 'folder' && !entry.inode.isMount) folders.push({ at: entry.inode, path: below })
      }
    }
  }

  stamp(inode: Inode) {
    return stampOf(inode, this.model)
  }
}
