import { AppError } from '../../core/errors.ts'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import type { Api } from '../api.ts'
import type { ChunkedContent } from '../content/describe-content.ts'
import { startSha256 } from '../content/sha256.ts'
import { fetchChunks } from '../transfer/fetch-chunks.ts'
import { openRemoteContent, type RemoteContent } from '../transfer/remote-content.ts'
import { noChunks } from './old-chunks.ts'
import type { ChunkSource, RemoteVersion } from './ports.ts'
import { isSmall, type SmallDownloads } from './small-downloads.ts'

type Download = {
  version: RemoteVersion
  have: ChunkSource
  small: SmallDownloads
  learn?: (chunks: ChunkedContent) => void
}
type Version = { node: NodeId; revision: number }

const LIMITS = { concurrency: 6, memoryBytes: 24 * 1024 * 1024, onReceived: () => {} }

/**
 * The bytes of one version, verified as a whole after the last. Where an old file may hold chunks, only runs of chunks that it does not hold travel.
 * A piece is valid until the one after the next is asked for.
 * @throws AppError `not-found`, `not-a-file`, `content-mismatch`, `store-unavailable`; ConnectionError
 */
export async function* downloadVersion(
  api: Api,
  { version, have, small, learn }: Download,
): AsyncGenerator<Uint8Array, void, undefined> {
  const together = have === noChunks && isSmall(version) ? await small.fetch(version) : null
  if (together !== null) return yield* together
  const { node, revision } = version
  const remote = await openRemoteContent(api, node, { revision })
  const whole = startSha256()
  for await (const piece of have === noChunks ? fetchRun(api, remote, { from: 0 }) : fetchMissing(api, remote, have)) {
    whole.update(piece)
    yield piece
  }
  if (whole.digest() !== remote.content.sha256)
    throw new AppError('content-mismatch', {
      field: 'sha256',
      detail: 'the file as a whole does not have its hash',
    })
  if (remote.content.held === 'chunks') learn?.(remote.content)
}

type Run = { from: number; before?: number }

const fetchRun = (api: Api, remote: RemoteContent, { from, before }: Run) =>
  fetchChunks(remote, api.transport, {
    ...LIMITS,
    fromOrdinal: from,
    ...(before === undefined ? {} : { beforeOrdinal: before }),
  })

async function* fetchMissing(api: Api, remote: RemoteContent, have: ChunkSource): AsyncGenerator<Uint8Array> {
  if (remote.content.held === 'inline') return yield* fetchRun(api, remote, { from: 0 })
  let ordinal = 0
  let missingFrom = 0
  for (let window = await remote.window(0); window !== null; window = await remote.window(ordinal)) {
    for (const chunk of window.chunks) {
      const held = await have(chunk.sha256 as Sha256, chunk.plain)
      if (held !== null) {
        if (missingFrom < ordinal) yield* fetchRun(api, remote, { from: missingFrom, before: ordinal })
        yield held
        missingFrom = ordinal + 1
      }
      ordinal++
    }
  }
  if (missingFrom < ordinal) yield* fetchRun(api, remote, { from: missingFrom, before: ordinal })
}

/** In the order of the file. */
export async function* chunksOfVersion(
  api: Api,
  { node, revision }: Version,
): AsyncGenerator<{ sha256: Sha256; plainBytes: number }, void, undefined> {
  for (let from: number | null = 0; from !== null;) {
    const reply = await api.content(node, { revision, from })
    for (const { sha256, plain } of reply.chunks) yield { sha256: sha256 as Sha256, plainBytes: plain }
    if (reply.next !== null && reply.next <= from) return
    from = reply.next
  }
}
