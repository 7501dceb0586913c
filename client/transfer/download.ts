import type { Content } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Api } from '../api.ts'
import type { Transport } from '../transport.ts'
import { startSha256, type RunningSha256 } from '../content/sha256.ts'
import type { DownloadTarget, PendingFile } from './download-target.ts'
import { fetchChunks } from './fetch-chunks.ts'
import { openRemoteContent, type RemoteContent } from './remote-content.ts'

export type DownloadProgress = {
  /** Plaintext bytes. */
  bytesPlanned: number
  bytesDone: number
  /** Stored bytes that came over the wire. */
  bytesReceived: number
  /** Plaintext bytes that an earlier try had left. */
  bytesResumed: number
}

export type DownloadOptions = {
  revision?: number
  signal?: AbortSignal
  onProgress?: (progress: DownloadProgress) => void
  /** GETs at once; default 6. */
  concurrency?: number
  /** Downloaded bytes held at once; default 32 MiB. */
  memoryBytes?: number
}

const CONCURRENCY = 6
const MEMORY_BYTES = 32 * 1024 * 1024

/**
 * Downloads one file. Every chunk and the whole file are verified; the old file stays until then.
 * @throws AppError `content-mismatch` (its `field` names the chunk), `not-found`, `not-a-file`; ConnectionError
 */
export async function downloadFile(
  api: Api,
  nodeId: string,
  options: DownloadOptions & { target: DownloadTarget },
): Promise<NodeStateWire> {
  const bound = withSignal(api, options)
  const remote = await openRemoteContent(bound, nodeId, revisionOf(options))
  const source = { remote, transport: bound.transport }
  if (await place(source, options)) return remote.node
  // What an earlier try had left was not what it should have been: once more from the start.
  if (await place(source, options)) return remote.node
  throw wholeMismatch()
}

/** The verified plaintext in order, as it arrives; no faster than it is consumed. The last check comes after the last byte. */
export async function* openContent(api: Api, nodeId: string, options: DownloadOptions = {}): AsyncIterable<Uint8Array> {
  const bound = withSignal(api, options)
  const remote = await openRemoteContent(bound, nodeId, revisionOf(options))
  const whole = startSha256()
  const progress = createProgress(remote.content, options)
  for await (const plain of fetchChunks(remote, bound.transport, fetchLimits(options, progress, 0))) {
    whole.update(plain)
    progress.done(plain.length)
    // Whoever is given it may keep it.
    yield Buffer.from(plain)
  }
  if (whole.digest() !== remote.content.sha256) throw wholeMismatch()
}

const withSignal = (api: Api, { signal }: DownloadOptions): Api => (signal === undefined ? api : api.with({ signal }))
const revisionOf = ({ revision }: DownloadOptions) => (revision === undefined ? {} : { revision })
const wholeMismatch = () =>
  new AppError('content-mismatch', { field: 'sha256', detail: 'the file as a whole does not have its hash' })

/** @returns `false` when a resumed prefix was at fault; it is gone now */
async function place(
  { remote, transport }: { remote: RemoteContent; transport: Transport },
  options: DownloadOptions & { target: DownloadTarget },
): Promise<boolean> {
  const { content, node } = remote
  const pending = await options.target.begin({
    sha256: content.sha256,
    sizeBytes: content.size,
    mtimeNs: node.mtimeNs,
    executable: node.executable,
  })
  let keep = true
  try {
    const whole = startSha256()
    const { ordinal, bytes } = await resumePoint(remote, pending.resumableBytes)
    await hashPrefix(pending, whole, bytes)
    await pending.startAt(bytes)
    const progress = createProgress(content, options)
    progress.resumed(bytes)
    for await (const plain of fetchChunks(remote, transport, fetchLimits(options, progress, ordinal))) {
      whole.update(plain)
      await pending.write(plain)
      progress.done(plain.length)
    }
    if (whole.digest() === content.sha256) {
      await pending.finish()
      return true
    }
    keep = false
    if (bytes === 0) throw wholeMismatch()
  } catch (error) {
    await pending.abandon(keep)
    throw error
  }
  await pending.abandon(false)
  return false
}

/** The last chunk border that the earlier try reached. */
async function resumePoint(remote: RemoteContent, resumableBytes: number): Promise<{ ordinal: number; bytes: number }> {
  let bytes = 0
  let ordinal = 0
  if (resumableBytes === 0) return { ordinal, bytes }
  for (let window = await remote.window(0); window !== null; window = await remote.window(ordinal)) {
    for (const chunk of window.chunks) {
      if (bytes + chunk.plain > resumableBytes) return { ordinal, bytes }
      bytes += chunk.plain
      ordinal++
    }
  }
  return { ordinal, bytes }
}

async function hashPrefix(pending: PendingFile, whole: RunningSha256, lengthBytes: number): Promise<void> {
  if (lengthBytes === 0) return
  for await (const piece of pending.readPrefix(lengthBytes)) whole.update(piece)
}

function fetchLimits(options: DownloadOptions, progress: ReturnType<typeof createProgress>, fromOrdinal: number) {
  const { concurrency = CONCURRENCY, memoryBytes = MEMORY_BYTES } = options
  return { concurrency, memoryBytes, fromOrdinal, onReceived: progress.received }
}

function createProgress(content: Content, { onProgress }: DownloadOptions) {
  const progress: DownloadProgress = { bytesPlanned: content.size, bytesDone: 0, bytesReceived: 0, bytesResumed: 0 }
  const tell = () => onProgress?.({ ...progress })
  return {
    resumed: (bytes: number) => {
      progress.bytesResumed = bytes
      progress.bytesDone = bytes
      tell()
    },
    received: (bytes: number) => {
      progress.bytesReceived += bytes
      tell()
    },
    done: (bytes: number) => {
      progress.bytesDone += bytes
      tell()
    },
  }
}
