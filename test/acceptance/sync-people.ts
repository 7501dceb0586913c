import {
  closeSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  unlinkSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { seededBytes } from '../../client/content/seeded-bytes.ts'
import { countBelow, lookAround, readWhole, writeWhole } from './files-at-hand.ts'
import { hashOf, type SyncLedger } from './sync-ledger.ts'

/** `tag`: what all bytes of this person in this test begin with, so that no other test has the same. */
export type PersonParts = {
  name: string
  root: string
  ledger: SyncLedger
  dice: () => number
  tag: string
  largestBytes?: number
  /** Programs that save into a file which they have had open for long; where the safety trash is small, what they save may go (default: yes). */
  keepsOpen?: boolean
}

/** What comes when the folder is changed by others at the same time, or has no room: a person sees the message, and does something else. */
const PASSING = new Set(['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'ENOSPC', 'EINVAL', 'ENAMETOOLONG'])
/** Names that both people choose: so they meet. */
const SHARED_NAMES = 8
const FILES_MAX = 90
const FOLDERS_MAX = 14
/** So many deletes at once are within what the brake lets through. */
const SMALL_FOLDER = 4
const DAY_S = 86_400
const OPEN_MAX = 3

/** `isRemoved`: he took its name away himself. */
type OpenFile = { fd: number; path: string; ino: number; isRemoved: boolean }

/**
 * Somebody who works in a folder as programs do, and tells the ledger. It is exact about what was overwritten: the file was held open, and has no name
 * any more.
 */
export class SyncPerson {
  readonly #parts: PersonParts
  readonly #tag: Uint8Array
  readonly #open: OpenFile[] = []
  #count = 0

  constructor(parts: PersonParts) {
    this.#parts = parts
    this.#tag = Buffer.from(`${parts.tag}, by ${parts.name}: `)
  }

  /** One thing, as the dice fall. */
  act(): void {
    try {
      const { files, folders } = lookAround(this.#parts.root)
      const kinds = this.#kinds(files.length, folders.length)
      const at = this.#parts.dice() * kinds.reduce((sum, [share]) => sum + share, 0)
      let sum = 0
      const [, act] = kinds.find(([share]) => (sum += share) > at) ?? kinds[0]!
      act(files, folders)
    } catch (error) {
      if (!PASSING.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }

  #kinds(files: number, folders: number): [share: number, act: (files: string[], folders: string[]) => void][] {
    const one = <T>(list: readonly T[]): T => list[Math.floor(this.#parts.dice() * list.length)]!
    const own = (): string => `${this.#parts.name} ${++this.#count}`
    const name = (): string =>
      this.#parts.dice() < 0.4 ? `both ${Math.floor(this.#parts.dice() * SHARED_NAMES)}` : own()
    const rare = files > 0 ? 1 : 0
    return [
      [files < FILES_MAX ? 22 : 0.1, (_, all) => this.create(join(one(all), `${name()}.txt`))],
      [24 * rare, (all) => this.saveInPlace(one(all))],
      [20 * rare, (all) => this.saveAtomic(one(all))],
      [this.#open.length < this.#openMax ? 4 * rare : 0, (all) => this.keepOpen(one(all))],
      [this.#open.length > 0 ? 8 : 0, () => this.saveIntoOpen(one(this.#open))],
      [8 * rare, (all) => this.append(one(all))],
      [3 * rare, (all) => this.saveByStepping(one(all), own())],
      [8 * rare, (all, to) => renameSync(one(all), join(one(to), `${own()}.txt`))],
      [2 * rare, (all) => this.renameOver(one(all), one(all))],
      [6 * rare, (all) => this.delete(one(all))],
      [folders < FOLDERS_MAX ? 4 : 0, (_, all) => mkdirSync(join(one(all), name()))],
      [folders > 1 ? 3 : 0, (_, all) => renameSync(one(all.slice(1)), join(one(all), own()))],
      [folders > 1 ? 2 : 0, (_, all) => this.#deleteSmall(one(all.slice(1)))],
      [2 * rare, (all) => this.touch(one(all))],
    ]
  }

  create(path: string, sizeBytes?: number): void {
    const bytes = this.#bytes(sizeBytes)
    const fd = openSync(path, 'wx')
    try {
      this.#write(fd, path, bytes)
    } finally {
      closeSync(fd)
    }
  }

  saveInPlace(path: string): void {
    const fd = openSync(path, 'r+')
    try {
      this.#overwrite(fd, path)
    } finally {
      closeSync(fd)
    }
  }

  #overwrite(fd: number, path: string, file?: OpenFile): void {
    const bytes = this.#bytes()
    const before = readWhole(fd)
    ftruncateSync(fd, 0)
    this.#removed(before)
    // Into a file that he has deleted himself: there is nothing to keep.
    if (file?.isRemoved && fstatSync(fd).nlink === 0) return
    this.#write(fd, path, bytes)
  }

  keepOpen(path: string): void {
    const fd = openSync(path, 'r+')
    this.#open.push({ fd, path, ino: fstatSync(fd).ino, isRemoved: false })
  }

  /** Whatever has become of the name meanwhile: it may have been moved, or another file has it. */
  saveIntoOpen(file: OpenFile): void {
    const { fd, path } = file
    this.#overwrite(fd, path, file)
    if (this.#parts.dice() < 0.5) this.#close(file)
  }

  closeAll(): void {
    while (this.#open[0]) this.#close(this.#open[0])
  }

  #close(file: OpenFile): void {
    this.#open.splice(this.#open.indexOf(file), 1)
    closeSync(file.fd)
  }

  /** Beside it first, then under its name. */
  saveAtomic(path: string, bytes = this.#bytes()): void {
    this.#replacing(path, () => {
      const beside = `${path}.${this.#parts.dice().toString(36).slice(2, 8)}`
      const fd = openSync(beside, 'wx+')
      try {
        this.#writeWhole(fd, bytes)
        renameSync(beside, path)
        this.#saved(bytes, path)
      } catch (error) {
        this.#dropBeside(fd, beside)
        throw error
      } finally {
        closeSync(fd)
      }
    })
  }

  /** What did not get its name goes; unless its folder was moved in this moment: then it has gone along, and is a file like others. */
  #dropBeside(fd: number, beside: string): void {
    rmSync(beside, { force: true })
    if (fstatSync(fd).nlink === 0) return
    const bytes = readWhole(fd)
    if (bytes.length > 0) this.#saved(bytes, beside)
  }

  append(path: string): void {
    const before = readFileSync(path)
    if (before.length > this.#largest) return this.saveAtomic(path)
    this.saveAtomic(path, Buffer.concat([before, this.#bytes()]))
  }

  /** The old one steps aside, the new one is made, the old one goes (AS-02). */
  saveByStepping(path: string, asideName: string): void {
    const aside = join(path, '..', asideName)
    renameSync(path, aside)
    this.create(path)
    this.delete(aside)
  }

  renameOver(path: string, onto: string): void {
    if (path !== onto) this.#replacing(onto, () => renameSync(path, onto))
  }

  delete(path: string): void {
    this.#replacing(path, () => unlinkSync(path))
  }

  /** A time that was long ago, or is yet to come. */
  touch(path: string): void {
    const time = Date.now() / 1_000 + (this.#parts.dice() - 0.5) * 20 * 365 * DAY_S
    utimesSync(path, time, time)
  }

  touchAll(): void {
    for (const file of lookAround(this.#parts.root).files) this.touch(file)
  }

  #deleteSmall(folder: string): void {
    if (countBelow(folder) <= SMALL_FOLDER) this.deleteFolder(folder)
  }

  deleteFolder(folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) this.deleteFolder(path)
      else this.delete(path)
    }
    rmdirSync(folder)
  }

  /** What stood there loses its name, unless somebody else was quicker, or it got another one. */
  #replacing(path: string, work: () => void): void {
    const fd = openSync(path, 'r')
    try {
      const before = readFileSync(fd)
      work()
      const { nlink, ino } = fstatSync(fd)
      for (const file of this.#open) if (file.ino === ino) file.isRemoved = true
      if (nlink > 0) this.#parts.ledger.removedUnseen(this.#parts.name)
      this.#removed(before)
    } finally {
      closeSync(fd)
    }
  }

  #write(fd: number, path: string, bytes: Uint8Array): void {
    this.#writeWhole(fd, bytes)
    this.#saved(bytes, path)
    const there = lstatSync(path, { throwIfNoEntry: false })
    if (there?.ino !== fstatSync(fd).ino) this.#parts.ledger.savedAside(hashOf(bytes))
  }

  #writeWhole(fd: number, bytes: Uint8Array): void {
    try {
      writeWhole(fd, bytes)
    } catch (error) {
      // Half a file would be a save that nobody knows of.
      ftruncateSync(fd, 0)
      throw error
    }
  }

  #saved(bytes: Uint8Array, path: string): void {
    const { ledger, name, root } = this.#parts
    ledger.saved(hashOf(bytes), name, path.slice(root.length + 1))
  }

  #removed(bytes: Uint8Array): void {
    this.#parts.ledger.removed(hashOf(bytes), this.#parts.name)
  }

  get #openMax(): number {
    return (this.#parts.keepsOpen ?? true) ? OPEN_MAX : 0
  }

  get #largest(): number {
    return this.#parts.largestBytes ?? 2_000_000
  }

  /** Unlike all that anybody else saves: mostly small, seldom large. */
  #bytes(sizeBytes?: number): Uint8Array {
    const { dice } = this.#parts
    const kind = dice()
    const most = kind < 0.75 ? 2_000 : kind < 0.95 ? 60_000 : this.#largest
    const length = sizeBytes ?? Math.floor(dice() * Math.min(most, this.#largest))
    return Buffer.concat([this.#tag, Buffer.from(`${++this.#count}\n`), seededBytes(dice() * 2 ** 32, length)])
  }
}
