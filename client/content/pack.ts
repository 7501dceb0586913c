import { PACK_MAX_CHUNKS } from '../../core/content.ts'
import { invariant } from '../../core/errors.ts'
import type { Sha256 } from '../../core/ids.ts'
import { sha256Of } from './sha256.ts'

/**
 * Packs: small stored chunks travel back to back in objects of a few MiB, so that hundreds of small files cost one PUT
 * (CH-12). Planning looks at sizes only; a builder then lays the bytes out.
 */
export type PackLimits = {
  /** A pack is closed before a chunk would take it past this. */
  targetBytes: number
  maxChunks: number
  /** Chunks of this size and more are objects of their own. */
  onlyBelowBytes: number
}

export const PACK_LIMITS: PackLimits = {
  targetBytes: 4 * 1024 * 1024,
  maxChunks: PACK_MAX_CHUNKS,
  onlyBelowBytes: 1024 * 1024,
}

/** Structurally a ChunkRef or a StoredChunk's part of it. */
export type Packable = { sha256: Sha256; size: number }

export type PackPlan<C extends Packable> = {
  /** Each holds two chunks or more, back to back in this order. */
  packs: C[][]
  /** Each is an object of its own. */
  singles: C[]
}

/** Groups chunks into objects, in the order given; a hash that comes twice is planned once. */
export function planPacks<C extends Packable>(chunks: Iterable<C>, limits: PackLimits = PACK_LIMITS): PackPlan<C> {
  const seen = new Set<Sha256>()
  const groups: C[][] = []
  const singles: C[] = []
  let open: C[] = []
  let openBytes = 0
  for (const chunk of chunks) {
    if (seen.has(chunk.sha256)) continue
    seen.add(chunk.sha256)
    if (chunk.size >= limits.onlyBelowBytes) {
      singles.push(chunk)
      continue
    }
    if (open.length >= limits.maxChunks || openBytes + chunk.size > limits.targetBytes) {
      groups.push(open)
      open = []
      openBytes = 0
    }
    open.push(chunk)
    openBytes += chunk.size
  }
  groups.push(open)
  for (const group of groups) if (group.length === 1) singles.push(...group)
  return { packs: groups.filter((group) => group.length > 1), singles }
}

/** One chunk inside a pack: stored bytes `[offset, offset + length)` of the object. */
export type PackEntry = { sha256: Sha256; offset: number; length: number }

export type Pack = { sha256: Sha256; bytes: Uint8Array; entries: PackEntry[] }

export type PackBuilder = {
  /** Copies the chunk in, unless it is in already. `false`: it does not fit, finish this pack first. */
  add(chunk: { sha256: Sha256; stored: Uint8Array }): boolean
  chunkCount(): number
  /** The pack so far, and a fresh start. Its bytes are the caller's. `null` when nothing was added. */
  finish(): Pack | null
}

/** For chunks that come one by one, in whatever number. Holds at most `targetBytes` of memory. */
export function createPackBuilder(limits: PackLimits = PACK_LIMITS): PackBuilder {
  let bytes: Uint8Array | null = null
  let entries: PackEntry[] = []
  let held = new Set<Sha256>()
  let usedBytes = 0

  const add = (chunk: { sha256: Sha256; stored: Uint8Array }): boolean => {
    const length = chunk.stored.length
    invariant(length <= limits.targetBytes, 'a packed chunk fits into a pack')
    if (held.has(chunk.sha256)) return true
    if (entries.length >= limits.maxChunks || usedBytes + length > limits.targetBytes) return false
    bytes ??= Buffer.allocUnsafeSlow(limits.targetBytes)
    bytes.set(chunk.stored, usedBytes)
    entries.push({ sha256: chunk.sha256, offset: usedBytes, length })
    held.add(chunk.sha256)
    usedBytes += length
    return true
  }
  const finish = (): Pack | null => {
    if (!bytes) return null
    const packed = bytes.subarray(0, usedBytes)
    const pack = { sha256: sha256Of(packed), bytes: packed, entries }
    bytes = null
    entries = []
    held = new Set()
    usedBytes = 0
    return pack
  }
  return { add, chunkCount: () => entries.length, finish }
}
