import { ConnectionError } from '../connection-error.ts'
import type { Transport } from '../transport.ts'
import type { ChunkSegment } from './chunk-segments.ts'
import { getObject } from './object-requests.ts'
import { chunkMismatch, type RemoteContent } from './remote-content.ts'

/** What a download of one version works with. */
export type Fetch = {
  remote: RemoteContent
  transport: Transport
  /** Told of stored bytes as they arrive. */
  onReceived: (bytes: number) => void
}

/** How often a body may break off without a byte more, or one object be looked for. */
const BREAKS_MAX = 20

/** The stored bytes of a segment, from one answer, or from several where it breaks off: what was given out is skipped then. */
export async function* storedBytes(fetch: Fetch, segment: ChunkSegment): AsyncGenerator<Uint8Array, void, undefined> {
  const { remote, transport, onReceived } = fetch
  let given = 0
  let breaks = 0
  let wasMissing = false
  while (given < segment.length) {
    const request = await remote.requestFor(segment.first)
    const answer = await getObject(transport, request)
    if (answer.is !== 'open') {
      if (answer.is === 'missing' && wasMissing) throw chunkMismatch(segment.first, 'the object store does not have it')
      wasMissing ||= answer.is === 'missing'
      await remote.renew(segment.first, request)
      continue
    }
    try {
      for await (const piece of slicePieces(answer.body, segment.offset + given, segment.length - given)) {
        onReceived(piece.length)
        remote.progressed()
        given += piece.length
        breaks = 0
        yield piece
      }
    } catch (error) {
      transport.signal?.throwIfAborted()
      if (!(error instanceof ConnectionError)) throw error
    }
    if (given < segment.length && ++breaks > BREAKS_MAX)
      throw new ConnectionError('the object keeps breaking off', breaks)
  }
}

/** `length` bytes of a body from `offset` on; fewer when it ends early. */
async function* slicePieces(body: AsyncIterable<Uint8Array>, offset: number, length: number) {
  let position = 0
  const end = offset + length
  for await (const piece of body) {
    const from = Math.max(0, offset - position)
    const to = Math.min(piece.length, end - position)
    if (from < to) yield piece.subarray(from, to)
    position += piece.length
    if (position > end) return
  }
}
