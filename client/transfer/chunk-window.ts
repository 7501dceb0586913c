import type { ChunkRef } from '../../core/content.ts'
import { invariant } from '../../core/errors.ts'
import { PACK_LIMITS, planPacks } from '../content/pack.ts'
import { sha256Of } from '../content/sha256.ts'
import { createByteBudget } from './limiter.ts'

/**
 * Stored chunks on their way out, in one piece of memory: they are collected, the server says which of them it lacks, and those
 * are laid out as objects. A fixed amount of memory for windows is all the content that an upload holds (the back-pressure):
 *
 *     describe → window 1 (being filled)   window 2 (being checked)   windows 3, 4, … (being sent)
 *
 * A stream's window is one object: the sooner it is sent, the sooner its memory serves the next. A batch is one window, so that
 * a few requests serve hundreds of files.
 */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024
export const BATCH_WINDOW_BYTES = 8 * 1024 * 1024
/** As many as one `check` may ask for. */
const WINDOW_MAX_CHUNKS = 4_096

export type ChunkWindow = {
  /** Copies the chunk in; one that is there already takes no room. `false`: it is full, send it first. */
  add(chunk: { ref: ChunkRef; stored: Uint8Array }): boolean
  has(sha256: string): boolean
  readonly chunks: ReadonlyMap<string, ChunkRef>
  /** The objects that hold those of these chunks that are here, in the order in which they are named. */
  planObjects(missing: ReadonlySet<string>): PlannedObject[]
  clear(): void
}

export type PlannedObject = {
  sha256: string
  sizeBytes: number
  /** One chunk: the object is that chunk. More: a pack. */
  chunks: ChunkRef[]
  /** Valid until the window is cleared or given back. */
  bytes: Uint8Array
}

/** Lends windows of together at most so many bytes; who asks for more than is free waits, first come, first served. */
export type WindowPool = { lend<T>(windowBytes: number, work: (window: ChunkWindow) => Promise<T>): Promise<T> }

export function createWindowPool(memoryBytes: number): WindowPool {
  const budget = createByteBudget(memoryBytes)
  const idle: { windowBytes: number; window: ChunkWindow }[] = []
  let madeBytes = 0

  const take = (windowBytes: number): ChunkWindow => {
    const at = idle.findIndex((kept) => kept.windowBytes === windowBytes)
    const [kept] = at < 0 ? [] : idle.splice(at, 1)
    if (kept !== undefined) return kept.window
    // Those of another size make room.
    while (idle.length > 0 && madeBytes + windowBytes > memoryBytes) madeBytes -= idle.shift()?.windowBytes ?? 0
    madeBytes += windowBytes
    return createChunkWindow(windowBytes)
  }
  return {
    lend: async (windowBytes, work) => {
      await budget.take(windowBytes)
      const window = take(windowBytes)
      try {
        return await work(window)
      } finally {
        window.clear()
        idle.push({ windowBytes, window })
        budget.give(windowBytes)
      }
    },
  }
}

type Place = ChunkRef & { offset: number }

export function createChunkWindow(capacityBytes: number): ChunkWindow {
  // Memory is only taken as it is filled: pages that nobody touched cost nothing.
  const kept = Buffer.allocUnsafeSlow(capacityBytes)
  let bytes = kept
  let used = 0
  const places = new Map<string, Place>()

  return {
    chunks: places,
    has: (sha256) => places.has(sha256),
    add: ({ ref, stored }) => {
      if (places.has(ref.sha256)) return true
      if (places.size >= WINDOW_MAX_CHUNKS) return false
      if (used + stored.length > bytes.length) {
        if (used > 0) return false
        // A chunk of a very large file: alone, in memory of its own.
        bytes = Buffer.allocUnsafeSlow(stored.length)
      }
      bytes.set(stored, used)
      places.set(ref.sha256, { ...ref, offset: used })
      used += stored.length
      return true
    },
    planObjects: (missing) => {
      const wanted = [...missing].flatMap((sha256) => places.get(sha256) ?? [])
      const { packs, singles } = planPacks(wanted, evenly(wanted))
      return [...packs, ...singles.map((single) => [single])].map((group) => layOut(bytes, group))
    },
    clear: () => {
      bytes = kept
      used = 0
      places.clear()
    },
  }
}

/** Packs of about the usual size without a small one at the end: every PUT costs. */
function evenly(chunks: readonly ChunkRef[]): typeof PACK_LIMITS {
  const packed = chunks.filter((chunk) => chunk.size < PACK_LIMITS.onlyBelowBytes)
  const totalBytes = packed.reduce((sum, chunk) => sum + chunk.size, 0)
  const largestBytes = packed.reduce((largest, chunk) => Math.max(largest, chunk.size), 0)
  const count = Math.max(1, Math.ceil(totalBytes / PACK_LIMITS.targetBytes))
  return { ...PACK_LIMITS, targetBytes: Math.ceil(totalBytes / count) + largestBytes }
}

/** Chunks that lie side by side in the window already are a view of it; others are copied together. */
function layOut(bytes: Buffer, group: Place[]): PlannedObject {
  const first = group[0]
  invariant(first !== undefined, 'an object holds a chunk')
  let sizeBytes = 0
  let isContiguous = true
  for (const place of group) {
    if (place.offset !== first.offset + sizeBytes) isContiguous = false
    sizeBytes += place.size
  }
  const laidOut = isContiguous
    ? bytes.subarray(first.offset, first.offset + sizeBytes)
    : Buffer.concat(group.map((place) => bytes.subarray(place.offset, place.offset + place.size)))
  const chunks = group.map(({ sha256, size, plain }) => ({ sha256, size, plain }))
  const sha256 = chunks.length === 1 ? first.sha256 : sha256Of(laidOut)
  return { sha256, sizeBytes, chunks, bytes: laidOut }
}
