import type { NodeId, Sha256 } from '../../core/ids.ts'
import type { ChunkedContent } from '../content/describe-content.ts'
import type { ChunkSource, Disk, LocalPath, Remote } from './ports.ts'
import { isOfPort } from './trouble.ts'

/** Below this a file is fetched whole sooner than its chunks are asked for. */
export const WORTH_BYTES = 1024 * 1024

/** Chunks of about one length fit into the same memory. */
const STEP_BYTES = 256 * 1024

export const noChunks: ChunkSource = async () => null

/** `list`: what it is made of, where that is known. */
export type OldFile = {
  node: NodeId
  revision: number
  path: LocalPath
  sizeBytes: number
  list?: ChunkedContent | null
}
type Place = { from: number; to: number }

/**
 * The chunks that an old local file still holds: only those that are new travel. Where each lies is told by the server's list of the version that
 * the file is; whoever takes one verifies it, since the file may have changed. Reads forward: chunks are asked for in about the order of the file.
 */
export function chunksOfOldFile(remote: Remote, disk: Disk, old: OldFile): ChunkSource & { close(): Promise<void> } {
  let places: Map<Sha256, Place> | null = null
  let reader: ForwardReader | null = null
  const memory = new TwoBuffers()
  const source = async (sha256: Sha256, plainBytes: number): Promise<Uint8Array | null> => {
    places ??= await placesOf(remote, old)
    const place = places.get(sha256)
    if (place === undefined || place.to - place.from !== plainBytes) return null
    try {
      if (reader === null || reader.position > place.from) {
        await reader?.close()
        reader = new ForwardReader(disk.read(old.path))
      }
      const bytes = memory.for(plainBytes)
      if (!(await reader.fill(bytes, place.from))) return null
      memory.gaveOut()
      return bytes
    } catch (error) {
      if (!isOfPort(error)) throw error
      // It is being changed, or gone: all else travels.
      places = new Map()
      return null
    }
  }
  return Object.assign(source, { close: async () => reader?.close() })
}

async function placesOf(remote: Remote, { node, revision, sizeBytes, list }: OldFile): Promise<Map<Sha256, Place>> {
  const places = new Map<Sha256, Place>()
  if (sizeBytes < WORTH_BYTES) return places
  let from = 0
  const add = (sha256: Sha256, plainBytes: number): void => {
    if (!places.has(sha256)) places.set(sha256, { from, to: from + plainBytes })
    from += plainBytes
  }
  if (list) for (const { sha256, plain } of list.chunks) add(sha256, plain)
  else if (remote.chunks !== undefined)
    for await (const { sha256, plainBytes } of remote.chunks(node, revision)) add(sha256, plainBytes)
  return places
}

/** What was given out last stays as it is while the next is read. Memory made anew for each chunk would keep the garbage collector busy. */
class TwoBuffers {
  #next: Uint8Array = new Uint8Array(0)
  #last: Uint8Array = new Uint8Array(0)

  for(lengthBytes: number): Uint8Array {
    if (this.#next.length < lengthBytes)
      this.#next = Buffer.allocUnsafeSlow(Math.ceil(lengthBytes / STEP_BYTES) * STEP_BYTES)
    return this.#next.subarray(0, lengthBytes)
  }

  gaveOut(): void {
    ;[this.#next, this.#last] = [this.#last, this.#next]
  }
}

class ForwardReader {
  position = 0
  readonly #pieces: AsyncIterator<Uint8Array>
  /** What was read of the source and lies at `position` and after it. */
  #rest: Uint8Array = new Uint8Array(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]()
  }

  /** Fills all of `bytes` with what the file holds from there on. @returns `false`: it ends before */
  async fill(bytes: Uint8Array, from: number): Promise<boolean> {
    while (this.position < from) {
      const skipped = await this.#take(from - this.position)
      if (skipped === null) return false
    }
    for (let at = 0; at < bytes.length;) {
      const piece = await this.#take(bytes.length - at)
      if (piece === null) return false
      bytes.set(piece, at)
      at += piece.length
    }
    return true
  }

  async close(): Promise<void> {
    await this.#pieces.return?.()
  }

  async #take(atMost: number): Promise<Uint8Array | null> {
    while (this.#rest.length === 0) {
      const step = await this.#pieces.next()
      if (step.done) return null
      this.#rest = step.value
    }
    const piece = this.#rest.subarray(0, atMost)
    this.#rest = this.#rest.subarray(piece.length)
    this.position += piece.length
    return piece
  }
}
