import { createHash, type Hash } from 'node:crypto'
import type { ReadableByteStream } from '../../../core/object-store.ts'
import { largePieces } from '../../../storage/large-pieces.ts'

/** Bytes `[offset, offset + length)` that should have this hash. */
export type Claim = { sha256: string; offset: number; length: number }

/**
 * Reads the object once, as it streams, and hashes each slice. A slice that runs past the end is wrong.
 * @param claims in the order of their offsets; they may overlap
 */
export async function hashSlices<T extends Claim>(
  stream: ReadableByteStream,
  claims: readonly T[],
): Promise<{ good: T[]; wrong: T[] }> {
  const found: { good: T[]; wrong: T[] } = { good: [], wrong: [] }
  const open: { claim: T; hash: Hash }[] = []
  let next = 0
  let at = 0
  const settle = (claim: T, hash: Hash) => (hash.digest('hex') === claim.sha256 ? found.good : found.wrong).push(claim)
  for await (const bytes of largePieces(stream)) {
    const end = at + bytes.length
    for (let claim = claims[next]; claim !== undefined && claim.offset < end; claim = claims[++next])
      open.push({ claim, hash: createHash('sha256') })
    for (let i = open.length - 1; i >= 0; i--) {
      const { claim, hash } = open[i]!
      const claimEnd = claim.offset + claim.length
      hash.update(bytes.subarray(Math.max(0, claim.offset - at), Math.min(bytes.length, claimEnd - at)))
      if (claimEnd <= end) {
        settle(claim, hash)
        open.splice(i, 1)
      }
    }
    at = end
  }
  for (const { claim } of open) found.wrong.push(claim)
  for (const claim of claims.slice(next)) {
    // An empty slice at the very end begins in no piece of the stream.
    if (claim.length === 0 && claim.offset === at) settle(claim, createHash('sha256'))
    else found.wrong.push(claim)
  }
  return found
}
