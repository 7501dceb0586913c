import { AppError } from '../../core/errors.ts'
import type { Abilities } from '../../core/reconcile/abilities.ts'
import { isSameStamp, type Stamp } from '../../core/reconcile/item.ts'
import { listingOf } from '../../client/sync/listing.ts'
import { OWN_FOLDER } from '../../client/sync/own-folder.ts'
import type {
  ByteRange,
  Disk,
  DiskEntry,
  FinishedTemp,
  FolderSeen,
  Listing,
  LocalPath,
  TempFile,
} from '../../client/sync/ports.ts'
import { NO_WATCH, type DiskWatch } from './disk-watch.ts'
import { mix } from './dice.ts'
import type { Fault } from './fault.ts'
import { diskEntryOf, PIECE_BYTES, type Entry, type Inode } from './inode.ts'
import type { InodeTree } from './inode-tree.ts'
import { errnoOf, type Life } from './life.ts'
import { discardEntry, moveEntry, replaceFile } from './virtual-disk-changes.ts'
import { VirtualListAhead } from './virtual-list-ahead.ts'
import { VirtualTemps } from './virtual-temps.ts'

const LIST_ATTEMPTS = 3
const NEEDS_ROOM: ReadonlySet<string> = new Set([
  'createTemp',
  'temp-write',
  'makeFolder',
  'makeSymlink',
  'writeMarker',
])

/** How the engine of one life sees the file system of its device: `Disk`, each call a numbered place where anything may happen. */
export class VirtualDisk implements Disk {
  readonly tree: InodeTree
  readonly life: Life
  readonly watch: DiskWatch
  readonly abilities: Abilities
  readonly temps: VirtualTemps
  /** As another thread would. */
  readonly ahead: VirtualListAhead
  readonly #root: Inode
  /** What is done is in the page cache only, until the end: a planted fault. */
  readonly isForgetful: boolean

  constructor(tree: InodeTree, life: Life, watch: DiskWatch = NO_WATCH, { isForgetful = false } = {}) {
    this.tree = tree
    this.life = life
    this.watch = watch
    this.abilities = tree.model
    this.#root = tree.root
    this.ahead = new VirtualListAhead(life.host.seed, (folder) => this.#list(folder))
    this.temps = new VirtualTemps(this)
    this.isForgetful = isForgetful
  }

  timeNs = (): Promise<bigint> => this.reads('timeNs', '', () => BigInt(this.tree.nowUs()) * 1_000n)

  marker(): Promise<{ id: string } | { missing: true }> {
    return this.life.call('marker', { kind: 'disk-read' }, () => {
      const marker = this.tree.at(`${OWN_FOLDER}/root`)
      return marker ? { id: Buffer.from(marker.inode.bytes).toString() } : ({ missing: true } as const)
    })
  }

  writeMarker(id: string): Promise<void> {
    return this.changes('writeMarker', '', () => {
      this.makeOwnFolders()
      const folder = this.tree.folderAt(OWN_FOLDER)
      const old = this.tree.at(`${OWN_FOLDER}/root`)
      const marker = old?.inode ?? this.tree.make('file', 'engine')
      this.tree.setBytes(marker, Buffer.from(id), true)
      if (!old) this.tree.link(folder, 'root', marker)
      this.commit()
    })
  }

  async list(folder: LocalPath): Promise<DiskEntry[]> {
    return this.ahead.take(folder) ?? this.#list(folder)
  }

  listChanged = async ({ path, digest }: FolderSeen): Promise<Listing> => listingOf(await this.list(path), digest)
  expect = (folders: readonly FolderSeen[] | null): void => this.ahead.expect(folders)
  expectedNext = (): LocalPath | null => this.ahead.next()

  async #list(folder: LocalPath): Promise<DiskEntry[]> {
    requirePlain(folder)
    for (let attempt = 1; attempt <= LIST_ATTEMPTS; attempt++) {
      const first = await this.reads('list', folder, (fault) => this.#readNames(folder, fault), 'list')
      const entries = await this.reads('list-look', folder, () => this.#lookAt(folder, first))
      if (entries !== null) return entries
    }
    throw new AppError('busy', { detail: 'the folder changes while it is read' })
  }

  #readNames(folder: LocalPath, fault: Fault | null) {
    const at = this.tree.folderAt(folder)
    if (at.trouble === 'unreadable') throw errnoOf('EACCES')
    const names = [...at.entries.values()].filter(({ name }) => folder !== '' || name !== OWN_FOLDER)
    const order = (name: string): number => mix(name, at.mtimeNs, at.ino)
    const entries = names.toSorted((a, b) => order(a.name) - order(b.name))
    if (fault?.do === 'partial-list')
      throw Object.assign(errnoOf('EIO'), {
        cameSoFar: entries.slice(0, Math.floor(entries.length / 2)).map((entry) => diskEntryOf(entry, this.tree.model)),
      })
    return { at, stamp: this.tree.stamp(at), entries }
  }

  /** @returns `null`: names have changed meanwhile */
  #lookAt(
    folder: LocalPath,
    { at, stamp, entries }: { at: Inode; stamp: Stamp; entries: Entry[] },
  ): DiskEntry[] | null {
    if (this.tree.folderAt(folder) !== at || !isSameStamp(this.tree.stamp(at), stamp)) return null
    return entries
      .filter((entry) => [...at.entries.values()].includes(entry))
      .map((entry) => diskEntryOf(entry, this.tree.model))
  }

  async stat(path: LocalPath): Promise<DiskEntry | null> {
    requirePlain(path)
    return this.reads('stat', path, () => {
      const entry = this.tree.at(path)
      return entry && diskEntryOf(entry, this.tree.model)
    })
  }

  async readLink(path: LocalPath): Promise<string> {
    requirePlain(path)
    return this.reads('readLink', path, () => {
      const { entry } = this.tree.find(path)
      if (!entry) throw errnoOf('ENOENT')
      if (entry.inode.kind !== 'symlink') throw errnoOf('EINVAL')
      return entry.inode.target
    })
  }

  async *read(path: LocalPath, range?: ByteRange): AsyncGenerator<Uint8Array> {
    requirePlain(path)
    const inode = await this.reads('open', path, () => this.#open(path))
    const before = this.tree.stamp(inode)
    const { from, to } = range ?? { from: 0, to: inode.bytes.length }
    const piece = Math.max(PIECE_BYTES, Math.ceil((to - from) / 2))
    for (let at = from; at < to; at += piece)
      yield await this.reads('read', path, () => Uint8Array.from(inode.bytes.subarray(at, Math.min(to, at + piece))))
    const isSame = await this.reads('read-end', path, () => isSameStamp(this.tree.stamp(inode), before))
    if (!isSame || to > inode.bytes.length) throw new AppError('busy', { detail: 'the file changed while it was read' })
  }

  #open(path: LocalPath): Inode {
    const { entry } = this.tree.find(path)
    if (!entry) throw errnoOf('ENOENT')
    if (entry.inode.kind === 'symlink') throw errnoOf('ELOOP')
    if (entry.inode.kind !== 'file') throw errnoOf('EINVAL')
    if (entry.inode.trouble === 'locked') throw errnoOf('EBUSY')
    if (entry.inode.trouble === 'unreadable') throw errnoOf('EACCES')
    return entry.inode
  }

  createTemp = (): Promise<TempFile> => this.temps.create()

  async placeNew(temp: FinishedTemp, path: LocalPath): Promise<DiskEntry> {
    requirePlain(path)
    return this.changes('placeNew', path, () => {
      const inode = this.temps.held(temp)
      const found = this.tree.find(path)
      this.requireWritable(found.folder)
      if (found.entry) throw errnoOf('EEXIST')
      this.tree.link(found.folder, found.name, inode)
      this.temps.release(temp)
      return this.placed(path, inode)
    })
  }

  async replace(
    temp: FinishedTemp,
    path: LocalPath,
    expected: Stamp,
  ): Promise<{ placed: DiskEntry; displaced: Stamp; kept: LocalPath }> {
    requirePlain(path)
    return this.changes('replace', path, () => replaceFile(this, temp, { path, expected }))
  }

  async makeFolder(path: LocalPath): Promise<DiskEntry> {
    requirePlain(path)
    return this.changes('makeFolder', path, () => this.#make(path, this.tree.make('folder', 'engine')))
  }

  async makeSymlink(path: LocalPath, target: string): Promise<DiskEntry> {
    requirePlain(path)
    return this.changes('makeSymlink', path, () => {
      if (!this.abilities.symlinks) throw errnoOf('EPERM')
      const link = this.tree.make('symlink', 'engine')
      link.target = target
      return this.#make(path, link)
    })
  }

  #make(path: LocalPath, inode: Inode): DiskEntry {
    const { folder, name } = this.tree.find(path)
    this.requireWritable(folder)
    this.tree.link(folder, name, inode)
    return this.placed(path, inode)
  }

  async move(from: LocalPath, to: LocalPath, expected: Stamp | null): Promise<DiskEntry> {
    requirePlain(from)
    requirePlain(to)
    return this.changes('move', `${from} -> ${to}`, () => moveEntry(this, { from, to, expected }))
  }

  async discard(path: LocalPath, expected: Stamp | null): Promise<void> {
    requirePlain(path)
    return this.changes('discard', path, () => discardEntry(this, path, expected))
  }

  async setExecutable(path: LocalPath, executable: boolean): Promise<DiskEntry> {
    requirePlain(path)
    return this.changes('setExecutable', path, () => {
      const { entry } = this.tree.find(path)
      if (!entry) throw errnoOf('ENOENT')
      if (entry.inode.kind !== 'file') throw errnoOf(entry.inode.kind === 'symlink' ? 'ELOOP' : 'EINVAL')
      if (this.abilities.executableBit) {
        entry.inode.executable = executable
        entry.inode.ctimeUs = this.tree.nowUs()
      }
      return diskEntryOf(entry, this.tree.model)
    })
  }

  tidy(): Promise<void> {
    return this.changes('tidy', '', () => {
      this.makeOwnFolders()
      this.temps.tidy()
    })
  }

  /** What was given its name is durable with it. */
  placed(path: LocalPath, inode: Inode): DiskEntry {
    if (!this.isForgetful) inode.unwritten = null
    this.commit()
    this.watch.places({ path, inode })
    return diskEntryOf(this.tree.at(path)!, this.tree.model)
  }

  commit(): void {
    if (!this.isForgetful) this.tree.commitNames()
  }

  makeOwnFolders(): void {
    const own =
      this.tree.at(OWN_FOLDER) ?? this.tree.link(this.tree.root, OWN_FOLDER, this.tree.make('folder', 'engine'))
    for (const name of ['tmp', 'trash'])
      if (!own.inode.entries.has(name)) this.tree.link(own.inode, name, this.tree.make('folder', 'engine'))
  }

  requireWritable({ trouble }: Inode): void {
    if (trouble === 'read-only') throw errnoOf('EACCES')
  }

  reads<T>(what: string, detail: string, effect: (fault: Fault | null) => T, kind: 'list' | 'disk-read' = 'disk-read') {
    return this.life.call(what, { kind, detail }, (fault) => {
      this.#requireRoot()
      return effect(fault)
    })
  }

  changes<T>(what: string, detail: string, effect: () => T): Promise<T> {
    return this.life.call(what, { kind: 'disk-write', detail }, () => {
      this.#requireRoot()
      if (this.tree.isFull && NEEDS_ROOM.has(what)) throw errnoOf('ENOSPC')
      this.watch.gap({ path: detail, what })
      return effect()
    })
  }

  #requireRoot(): void {
    if (this.tree.root !== this.#root) throw errnoOf('ESTALE')
  }
}

/** @throws EINVAL: a path that leads up, or nowhere */
function requirePlain(path: LocalPath): void {
  if (path === '') return
  for (const name of path.split('/'))
    if (name === '' || name === '.' || name === '..' || name.includes('\0')) throw errnoOf('EINVAL')
}
