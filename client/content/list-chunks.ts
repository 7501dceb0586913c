import { chunkingRuleFor, nextCut } from '../../core/chunking.ts'
import { type ChunkRef, MANIFEST_MAX_CHUNKS } from '../../core/content.ts'
import type { Sha256 } from '../../core/ids.ts'
import { chooseCodec, SAMPLE_BYTES } from './codec.ts'
import type { ChunkedContent } from './describe-content.ts'
import { sha256Of } from './sha256.ts'

/** A file with larger chunks is not listed: two of them are held at a time. */
const CHUNK_MAX_BYTES = 8 * 1024 * 1024

/** Finds out which chunks a file is made of, while it is read for another reason. */
export type ChunkLister = {
  /** The next bytes of the file; they are the caller's again afterwards. */
  update(piece: Uint8Array): void
  /** @param whole of all bytes that were given @returns `null`: it is none of those that are stored as they are (CH-7), or too large */
  finish(whole: { sha256: Sha256; size: number }): ChunkedContent | null
}

/**
 * The same chunks as those of `describeContent`. Of a file that was `old` before, most are: where the bytes of an old chunk are found again, its end is known
 * without looking for it (CH-2, CH-3), which takes more time than hashing them.
 */
export function createChunkLister({ sizeBytes, old }: { sizeBytes: number; old: ChunkedContent | null }): ChunkLister {
  const rule = chunkingRuleFor(sizeBytes)
  const { maxBytes } = rule
  const isOver = maxBytes > CHUNK_MAX_BYTES
  let bytes: Buffer | null = isOver ? null : Buffer.allocUnsafeSlow(2 * maxBytes)
  let filled = 0
  const chunks: ChunkRef[] = []
  const guide = new Guide(old?.codec === 'raw' ? old.chunks : [])

  /** All whose end is in sight: no chunk is longer than `maxBytes`. */
  const takeChunks = (held: Buffer, isEnd: boolean): void => {
    let at = 0
    while (filled - at >= (isEnd ? 1 : maxBytes)) {
      const ahead = held.subarray(at, Math.min(filled, at + maxBytes))
      const ref = guide.guess(ahead, isEnd && at + ahead.length === filled) ?? cut(ahead)
      chunks.push(ref)
      at += ref.plain
    }
    held.copyWithin(0, at, filled)
    filled -= at
  }
  const cut = (ahead: Uint8Array): ChunkRef => {
    const length = nextCut(ahead, 0, ahead.length, rule)
    const sha256 = sha256Of(ahead.subarray(0, length))
    guide.found(sha256)
    return { sha256, size: length, plain: length }
  }
  const giveUp = (): void => {
    bytes = null
    chunks.length = 0
  }
  /** Before the first is taken. */
  const isStoredAsItIs = (held: Buffer): boolean =>
    chunks.length > 0 || chooseCodec(held.subarray(0, Math.min(filled, SAMPLE_BYTES))).codec === 'raw'

  /** @returns how many bytes it has taken */
  const take = (piece: Uint8Array): number => {
    if (bytes === null) return piece.length
    const taken = piece.subarray(0, bytes.length - filled)
    bytes.set(taken, filled)
    filled += taken.length
    if (filled < bytes.length) return taken.length
    if (isStoredAsItIs(bytes)) takeChunks(bytes, false)
    else giveUp()
    if (chunks.length > MANIFEST_MAX_CHUNKS) giveUp()
    return taken.length
  }
  return {
    update: (piece) => {
      for (let at = 0; at < piece.length;) at += take(piece.subarray(at))
    },
    finish: ({ sha256, size }) => {
      if (bytes === null || size === 0 || !isStoredAsItIs(bytes)) return null
      takeChunks(bytes, true)
      bytes = null
      return chunks.length > MANIFEST_MAX_CHUNKS ? null : { codec: 'raw', size, sha256, held: 'chunks', chunks }
    },
  }
}

/** So often in a row the next chunk is thought to be the old one that follows; then not, until one is found again. */
const MISSES_MAX = 2

/** Where in the old file one is. A guess that is wrong costs the hashing of one chunk. */
class Guide {
  readonly #old: readonly ChunkRef[]
  #places: Map<Sha256, number> | null = null
  #next = 0
  #misses = 0

  constructor(old: readonly ChunkRef[]) {
    this.#old = old
  }

  /** @param isLast `ahead` holds all that is left of the file @returns the old chunk that `ahead` begins with, where that is the one that follows */
  guess(ahead: Uint8Array, isLast: boolean): ChunkRef | null {
    const old = this.#old[this.#next]
    if (old === undefined || this.#misses >= MISSES_MAX || old.plain > ahead.length) return this.#missed()
    // The end of the old file was an end of its last chunk; elsewhere it is none.
    if (this.#next === this.#old.length - 1 && !(isLast && old.plain === ahead.length)) return this.#missed()
    if (sha256Of(ahead.subarray(0, old.plain)) !== old.sha256) return this.#missed()
    this.#next++
    this.#misses = 0
    return old
  }

  /** A chunk was cut. */
  found(sha256: Sha256): void {
    if (this.#old.length === 0) return
    this.#places ??= new Map(this.#old.map((old, at) => [old.sha256, at]))
    const at = this.#places.get(sha256)
    if (at === undefined) return
    this.#next = at + 1
    this.#misses = 0
  }

  #missed(): null {
    this.#next++
    this.#misses++
    return null
  }
}
