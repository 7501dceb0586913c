import { sha256Of } from '../../client/content/sha256.ts'
import type { Inode } from './inode.ts'
import type { Account } from './person.ts'

/** What a file or symlink holds, as one word: everything that a person writes is unlike all else. */
export type Key = string

/** Bytes that are there again as soon as somebody asks for them. */
export const EMPTY: Key = sha256Of(new Uint8Array(0))

const keys = new WeakMap<Uint8Array, Key>()

export function keyOfBytes(bytes: Uint8Array): Key {
  const known = keys.get(bytes)
  if (known !== undefined) return known
  const key = sha256Of(bytes)
  keys.set(bytes, key)
  return key
}
export const keyOfLink = (target: string): Key => `link ${target}`
export const keyOf = ({ kind, bytes, target }: Inode): Key =>
  kind === 'symlink' ? keyOfLink(target) : keyOfBytes(bytes)

const CONFLICTED = / \(conflicted copy from /

export type Saved = {
  readonly key: Key
  /** The device that had it first. */
  readonly device: number
  /** In the order of all saves. */
  readonly order: number
  /** A person gave it another name: as a version it may be newer than it is. */
  wasMoved: boolean
  /** Somebody gave another name to what had that of a conflicted copy. */
  wasCopyMoved: boolean
  /** By device: when a person there gave it another name last. */
  readonly movedUs: Map<number, number>
  puts: number
  lastPutUs: number
  /** Inodes that hold it because a person put it there, and in which nobody has put anything else since. */
  places: number
  /** A person did away with it somewhere, or a crash did. */
  removedUs: number | null
}

export type Violation = { rule: string; detail: string }

/** A rule does not hold: the run ends. */
export class RuleBroken extends Error {
  readonly violation: Violation
  constructor(violation: Violation) {
    super(`${violation.rule}: ${violation.detail}`)
    this.name = 'RuleBroken'
    this.violation = violation
  }
}

/**
 * What people have done, kept outside of everything that is tested: which bytes were ever saved, what was done away with, and by whom. What must
 * still be there in the end follows from it.
 */
export class Ledger {
  readonly saved = new Map<Key, Saved>()
  readonly foldersGone = new Set<string>()
  readonly #folderNames = new WeakMap<Inode, Set<string>>()
  /** Names that people gave, also those that look like ours. */
  readonly names = new Set<string>()
  readonly #nowUs: () => number
  #order = 0
  readonly violations: Violation[] = []

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs
    this.put(EMPTY, -1)
  }

  /** The first broken rule is what counts; what follows from it is noise. */
  broken(rule: string, detail: string): void {
    this.violations.push({ rule, detail })
  }

  get isBroken(): boolean {
    return this.violations.length > 0
  }

  put(key: Key, device: number): void {
    const known = this.saved.get(key)
    if (known) {
      known.puts++
      known.places++
      known.lastPutUs = this.#nowUs()
      return
    }
    const [order, lastPutUs] = [++this.#order, this.#nowUs()]
    this.saved.set(key, {
      key,
      device,
      order,
      puts: 1,
      lastPutUs,
      places: 1,
      removedUs: null,
      wasMoved: false,
      wasCopyMoved: false,
      movedUs: new Map(),
    })
  }

  /** It is where it was before, or somewhere else. */
  returned(key: Key): void {
    const known = this.saved.get(key)
    if (!known) return
    known.lastPutUs = this.#nowUs()
    known.puts++
  }

  /** @param isPlace a person had put it there */
  gone(key: Key, isPlace: boolean): void {
    const known = this.saved.get(key)
    if (!known) return
    known.removedUs = this.#nowUs()
    if (isPlace) known.places--
  }

  isLegal = (key: Key): boolean => this.saved.has(key)

  wasRemoved = (key: Key): boolean => key === EMPTY || (this.saved.get(key)?.removedUs ?? null) !== null

  /** Whoever moves something knows of no delete of it: when it is there after one, somebody wanted it. */
  #moved(inode: Inode, device: number): void {
    for (const { inode: below } of inode.entries.values()) this.#moved(below, device)
    const known = inode.kind === 'folder' ? undefined : this.saved.get(keyOf(inode))
    if (!known) return
    known.lastPutUs = this.#nowUs()
    known.movedUs.set(device, this.#nowUs())
    if (known.device === device) known.wasMoved = true
  }

  /** What a folder was called, also where nobody looked. */
  #namesOf(folder: Inode): Set<string> {
    const names = this.#folderNames.get(folder) ?? new Set<string>()
    this.#folderNames.set(folder, names)
    return names
  }

  account(device: number): Account {
    return {
      put: (inode) => {
        this.put(keyOf(inode), device)
        // Under each of its names it was saved.
        if (inode.links > 1) this.returned(keyOf(inode))
      },
      gone: (inode, wasLast = true) => this.gone(keyOf(inode), wasLast && inode.by === 'person'),
      linked: (inode) => this.returned(keyOf(inode)),
      moved: (inode, from) => {
        this.#moved(inode, device)
        const known = inode.kind === 'folder' ? undefined : this.saved.get(keyOf(inode))
        if (known && CONFLICTED.test(from)) known.wasCopyMoved = true
        if (inode.kind === 'folder') this.#namesOf(inode).add(from)
      },
      folderGone: (inode, name) => {
        for (const one of this.#namesOf(inode).add(name)) this.foldersGone.add(one.normalize('NFC').toLowerCase())
      },
    }
  }
}
