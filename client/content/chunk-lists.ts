import type { Sha256 } from '../../core/ids.ts'
import type { ChunkedContent } from './describe-content.ts'

/** All lists together: about 6 MB, and one list of any length fits. */
const REFS_MAX = 40_000

/**
 * Which chunks large files are made of, as far as it was found out lately: so that what follows an edit need not be found out again. A list is kept under
 * the hash of the bytes that it describes, so it cannot be out of date; that a file has these bytes is for whoever uses it to know. The least used go first.
 */
export class ChunkLists {
  readonly #lists = new Map<Sha256, ChunkedContent>()
  #refs = 0

  get(sha256: Sha256): ChunkedContent | null {
    const list = this.#lists.get(sha256)
    if (list === undefined) return null
    this.#lists.delete(sha256)
    this.#lists.set(sha256, list)
    return list
  }

  note(list: ChunkedContent): void {
    this.#forget(list.sha256)
    if (list.chunks.length > REFS_MAX) return
    this.#lists.set(list.sha256, list)
    this.#refs += list.chunks.length
    for (const sha256 of this.#lists.keys()) {
      if (this.#refs <= REFS_MAX) return
      this.#forget(sha256)
    }
  }

  #forget(sha256: Sha256): void {
    this.#refs -= this.#lists.get(sha256)?.chunks.length ?? 0
    this.#lists.delete(sha256)
  }
}
