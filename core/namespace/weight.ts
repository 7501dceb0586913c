import type { Mutation } from './model.ts'

const ROWS_BESIDE_CHUNKS = 4
/** Of a folder copy: at most COPY_MAX_NODES, mostly far fewer. */
const ROWS_OF_A_COPY = 400

/** About how many rows a mutation writes: what bounds a batch, since a file may have one chunk or tens of thousands. */
export function rowsOf(mutation: Mutation): number {
  if (mutation.kind === 'copy') return ROWS_OF_A_COPY
  if (mutation.kind !== 'write-file' || mutation.content.held === 'inline') return ROWS_BESIDE_CHUNKS
  return ROWS_BESIDE_CHUNKS + 2 * mutation.content.chunks.length
}

/** Parts of a list, in order, each of at most `maxRows` rows or of one mutation that alone has more. */
export function splitByRows<M extends Mutation>(mutations: readonly M[], maxRows: number): M[][] {
  const parts: M[][] = []
  let rows = Infinity
  for (const mutation of mutations) {
    const more = rowsOf(mutation)
    if (rows + more > maxRows) {
      parts.push([])
      rows = 0
    }
    parts.at(-1)!.push(mutation)
    rows += more
  }
  return parts
}
