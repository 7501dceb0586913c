import type { ChunkRef, Content } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { Sha256 } from '../../core/ids.ts'
import type { SignedRequest } from '../../core/object-store.ts'
import type { ContentReply, NodeStateWire } from '../../protocol/files.ts'
import type { Api } from '../api.ts'

/** Renewals of one window without a byte in between: more means clocks that disagree. */
const RENEWALS_MAX = 5

/**
 * One version of a file. The chunk list comes in windows, each with signed requests that live for minutes; a window whose requests have
 * expired is asked for again, and must describe the same chunks.
 */
export type RemoteContent = {
  readonly node: NodeStateWire
  readonly revision: number
  /** Its chunks are those of the windows that were loaded so far. */
  readonly content: Content
  /** The window that holds this chunk, or `null` after the last. */
  window(ordinal: number): Promise<ChunkWindowReply | null>
  /** The signed request whose answer holds this chunk. */
  requestFor(ordinal: number): Promise<SignedRequest>
  /** Its requests have expired, or the object was moved meanwhile. */
  renew(ordinal: number, stale: SignedRequest): Promise<void>
  /** Bytes have come: renewals are counted from here. */
  progressed(): void
}

export type ChunkWindowReply = { from: number; chunks: ContentReply['chunks'] }

/** @throws AppError `not-found`, `not-a-file`, `content-mismatch` */
export async function openRemoteContent(
  api: Api,
  nodeId: string,
  options: { revision?: number },
): Promise<RemoteContent> {
  const first = await api.content(nodeId, options)
  const chunks: ChunkRef[] = []
  const content = contentOf(first, chunks)
  const windows = new Map<number, ContentReply>()
  let renewing: Promise<void> | null = null
  let renewals = 0

  const take = (reply: ContentReply) => {
    checkSame(first, reply)
    windows.set(reply.from, reply)
    for (const [at, { sha256, size, plain }] of reply.chunks.entries())
      chunks[reply.from + at] ??= { sha256: sha256 as Sha256, size, plain }
  }
  const load = async (from: number): Promise<ContentReply> => {
    const reply = await api.content(nodeId, { revision: first.revision, from })
    if (reply.from !== from) throw new AppError('content-mismatch', { detail: 'the server answers another window' })
    take(reply)
    return reply
  }
  const holder = (ordinal: number): ContentReply | undefined => {
    for (const reply of windows.values())
      if (reply.from <= ordinal && ordinal < reply.from + reply.chunks.length) return reply
    return undefined
  }
  const windowOf = async (ordinal: number): Promise<ContentReply | null> => {
    for (;;) {
      const held = holder(ordinal)
      if (held !== undefined) return held
      const last = [...windows.values()].reduce((a, b) => (a.from > b.from ? a : b))
      if (last.next === null) return null
      await load(last.next)
    }
  }
  const requestFor = async (ordinal: number): Promise<SignedRequest> => {
    const reply = await windowOf(ordinal)
    const chunk = reply?.chunks[ordinal - reply.from]
    const request = chunk === undefined ? undefined : reply?.objects[chunk.object]
    if (request === undefined) throw chunkMismatch(ordinal, 'the server names no object for it')
    return request
  }
  take(first)
  return {
    node: first.node,
    revision: first.revision,
    content,
    window: windowOf,
    requestFor,
    progressed: () => (renewals = 0),
    renew: async (ordinal, stale) => {
      if ((await requestFor(ordinal)) !== stale) return
      if (++renewals > RENEWALS_MAX)
        throw new AppError('store-unavailable', { detail: 'signed requests expire too soon' })
      const from = holder(ordinal)?.from ?? 0
      // Many requests of a window expire at once: one renewal serves them all.
      renewing ??= load(from)
        .then(() => undefined)
        .finally(() => (renewing = null))
      await renewing
    },
  }
}

function contentOf(reply: ContentReply, chunks: ChunkRef[]): Content {
  const { codec, size } = reply
  const sha256 = reply.sha256 as Sha256
  if (reply.inline !== null) return { codec, size, sha256, held: 'inline', inline: reply.inline }
  return { codec, size, sha256, held: 'chunks', chunks }
}

function checkSame(first: ContentReply, reply: ContentReply): void {
  const isSame = reply.sha256 === first.sha256 && reply.size === first.size && reply.codec === first.codec
  if (!isSame || (reply.next !== null && reply.next <= reply.from))
    throw new AppError('content-mismatch', { detail: 'the server describes this version in two ways' })
}

export const chunkMismatch = (ordinal: number, what: string): AppError =>
  new AppError('content-mismatch', { field: `chunks/${ordinal}`, ordinal, detail: `chunk ${ordinal}: ${what}` })
