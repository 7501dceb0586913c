import type { RemoteChange } from './ports.ts'

/**
 * The journal may come later than the answers: what an answer has told of a node, an older entry does not take back (NW-04).
 * Kept in memory only: after a restart everything is read to the head before anything is done.
 */
export class Answered {
  readonly #seqs = new Map<string, number>()

  note(node: string, seq: number): void {
    if (seq > (this.#seqs.get(node) ?? 0)) this.#seqs.set(node, seq)
  }

  isOlder({ seq, node }: RemoteChange): boolean {
    return seq < (this.#seqs.get(node.id) ?? 0)
  }

  /** The journal was read up to here. */
  forgetUpTo(seen: number): void {
    for (const [node, seq] of this.#seqs) if (seq <= seen) this.#seqs.delete(node)
  }
}
