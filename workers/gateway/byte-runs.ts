import type { ChunkLocation } from '../../core/content.ts'

/** Bytes of one object that are read with one request. `whole`: the object is one chunk, so no range is needed. */
export type ByteRun = { objectKey: string; offset: number; length: number; whole: boolean }

type Placed = ChunkLocation & { sha256: string }

/** An object that is one chunk is named by that chunk. */
export const isWholeObject = (chunk: Placed): boolean => chunk.objectKey.endsWith(`/${chunk.sha256}`)

/**
 * Joins chunks that lie side by side in a pack. Never more than that: between two chunks of this file may lie bytes of another
 * one, which this caller may not be allowed to read.
 * @returns the runs, and for each chunk the index of its run
 */
export function runsOf(chunks: readonly Placed[]): { runs: ByteRun[]; runOf: number[] } {
  const order = chunks.map((_, at) => at).sort((a, b) => compare(chunks[a]!, chunks[b]!))
  const runs: ByteRun[] = []
  const runOf = new Array<number>(chunks.length)
  for (const at of order) {
    const chunk = chunks[at]!
    const last = runs.at(-1)
    if (last && last.objectKey === chunk.objectKey && chunk.offset <= last.offset + last.length) {
      last.length = Math.max(last.length, chunk.offset + chunk.length - last.offset)
    } else
      runs.push({ objectKey: chunk.objectKey, offset: chunk.offset, length: chunk.length, whole: isWholeObject(chunk) })
    runOf[at] = runs.length - 1
  }
  return { runs, runOf }
}

const compare = (a: Placed, b: Placed): number =>
  a.objectKey < b.objectKey ? -1 : a.objectKey > b.objectKey ? 1 : a.offset - b.offset
