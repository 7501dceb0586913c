import { invariant } from '../../../../core/errors.ts'
import type { Sha256 } from '../../../../core/ids.ts'
import type {
  ItemContent,
  ItemKind,
  LocalState,
  RemoteState,
  Stamp,
  SyncedState,
} from '../../../../core/reconcile/item.ts'

/**
 * States as bytes, without what has a column of its own (parents, names, inodes). Some 50 bytes each, where JSON takes 300.
 *
 *     remote   content · content revision · placement revision · mtime or nothing
 *     local    kind | settled · size · mtime · ctime · content or nothing
 *     synced   content · content revision · placement revision · size · mtime · ctime
 *
 * Numbers are LEB128. Times are 8 bytes when a decimal fits them, else text.
 */
export class DamagedState extends Error {}

const KINDS: readonly ItemKind[] = ['folder', 'file', 'symlink']
const SETTLED = 0x80
const NO_CONTENT = 3
const EXECUTABLE = 0x80
const TIME_NONE = 0
const TIME_INT64 = 1
const TIME_TEXT = 2
const DECIMAL = /^(?:0|-?[1-9]\d{0,18})$/

/** Longer than a symlink target of any system. */
const TEXT_MAX_BYTES = 40_000
const SCRATCH_BYTES = 4 * TEXT_MAX_BYTES
const scratch = Buffer.allocUnsafe(SCRATCH_BYTES)
let at = 0

type Packed<State extends { place: unknown }> = Omit<State, 'place'>

export function packRemote(state: Packed<RemoteState>): Uint8Array {
  at = 0
  putContent(state.content)
  putNumber(state.contentRevision)
  putNumber(state.placementRevision)
  putTime(state.mtimeNs)
  return taken()
}

export function unpackRemote(hex: string): Packed<RemoteState> {
  const from = new Reader(hex)
  const content = from.content()
  if (content === null) throw new DamagedState('a remote state without content')
  return from.done({
    content,
    contentRevision: from.number(),
    placementRevision: from.number(),
    mtimeNs: from.time(),
  })
}

export function packLocal(state: Packed<LocalState>): Uint8Array {
  at = 0
  scratch[at++] = KINDS.indexOf(state.kind) | (state.isSettled ? SETTLED : 0)
  putStamp(state.stamp)
  putContent(state.content)
  return taken()
}

export function unpackLocal(hex: string, ino: string): Packed<LocalState> {
  const from = new Reader(hex)
  const head = from.byte()
  const kind = KINDS[head & ~SETTLED]
  if (!kind) throw new DamagedState('a local state of no kind')
  const stamp = from.stamp(ino)
  return from.done({ kind, stamp, content: from.content(), isSettled: (head & SETTLED) !== 0 })
}

/** SQL: whether a packed local state is a folder's. */
export const isFolderState = (column: string): string => `substr(${column}, 1, 1) in (x'00', x'80')`

type PackedSynced = Omit<SyncedState, 'place' | 'localName'>

export function packSynced(state: PackedSynced): Uint8Array {
  at = 0
  putContent(state.content)
  putNumber(state.contentRevision)
  putNumber(state.placementRevision)
  putStamp(state.stamp)
  return taken()
}

export function unpackSynced(hex: string, ino: string): PackedSynced {
  const from = new Reader(hex)
  const content = from.content()
  if (content === null) throw new DamagedState('a synced state without content')
  return from.done({
    content,
    contentRevision: from.number(),
    placementRevision: from.number(),
    stamp: from.stamp(ino),
  })
}

const taken = (): Uint8Array => Buffer.from(scratch.subarray(0, at))

function putNumber(value: number): void {
  invariant(Number.isSafeInteger(value) && value >= 0, 'sizes and revisions are whole numbers')
  while (value >= 0x80) {
    scratch[at++] = (value % 0x80) | 0x80
    value = Math.floor(value / 0x80)
  }
  scratch[at++] = value
}

function putText(text: string): void {
  const bytes = Buffer.byteLength(text)
  invariant(bytes <= TEXT_MAX_BYTES, 'no file system has a symlink this long')
  putNumber(bytes)
  at += scratch.write(text, at)
}

function putTime(time: string | null): void {
  if (time === null) {
    scratch[at++] = TIME_NONE
    return
  }
  const value = DECIMAL.test(time) ? BigInt(time) : null
  if (value !== null && BigInt.asIntN(64, value) === value) {
    scratch[at++] = TIME_INT64
    at = scratch.writeBigInt64BE(value, at)
  } else {
    scratch[at++] = TIME_TEXT
    putText(time)
  }
}

function putStamp(stamp: Stamp): void {
  putNumber(stamp.size)
  putTime(stamp.mtimeNs)
  putTime(stamp.ctimeNs)
}

function putContent(content: ItemContent | null): void {
  if (content === null) {
    scratch[at++] = NO_CONTENT
    return
  }
  const isExecutable = content.kind === 'file' && content.executable
  scratch[at++] = KINDS.indexOf(content.kind) | (isExecutable ? EXECUTABLE : 0)
  if (content.kind === 'file') {
    const written = scratch.write(content.sha256, at, 'hex')
    invariant(written === 32 && content.sha256.length === 64, 'a SHA-256 has 64 hex digits')
    at += written
    putNumber(content.size)
  } else if (content.kind === 'symlink') putText(content.target)
}

class Reader {
  readonly #bytes = scratch
  readonly #length: number
  #at = 0
  /** One at a time: all are unpacked in the same place. */
  constructor(hex: string) {
    this.#length = scratch.write(hex, 'hex')
  }

  #take(count: number): number {
    const start = this.#at
    this.#at += count
    if (this.#at > this.#length) throw new DamagedState('a state that ends too soon')
    return start
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!
  }

  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (!Number.isSafeInteger(value)) throw new DamagedState('a number that is too large')
      if (byte < 0x80) return value
    }
  }

  text(): string {
    const length = this.number()
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  time(): string | null {
    const tag = this.byte()
    if (tag === TIME_NONE) return null
    if (tag === TIME_INT64) return this.#bytes.readBigInt64BE(this.#take(8)).toString()
    if (tag === TIME_TEXT) return this.text()
    throw new DamagedState('a time of no kind')
  }

  stamp(ino: string): Stamp {
    const size = this.number()
    const mtimeNs = this.time()
    const ctimeNs = this.time()
    if (mtimeNs === null || ctimeNs === null) throw new DamagedState('a stamp without times')
    return { ino, size, mtimeNs, ctimeNs }
  }

  content(): ItemContent | null {
    const head = this.byte()
    if (head === NO_CONTENT) return null
    const kind = KINDS[head & ~EXECUTABLE]
    if (kind === 'folder') return { kind }
    if (kind === 'symlink') return { kind, target: this.text() }
    if (kind !== 'file') throw new DamagedState('a content of no kind')
    const start = this.#take(32)
    const sha256 = this.#bytes.toString('hex', start, start + 32) as Sha256
    return { kind, sha256, size: this.number(), executable: (head & EXECUTABLE) !== 0 }
  }

  done<T>(state: T): T {
    if (this.#at !== this.#length) throw new DamagedState('a state that is too long')
    return state
  }
}
