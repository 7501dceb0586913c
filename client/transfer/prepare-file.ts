import type { ChunkRef, Content } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import { SAMPLE_BYTES } from '../content/codec.ts'
import { describeContent, describeOneChunk } from '../content/describe-content.ts'
import { inlineContent, isInline } from '../content/inline.ts'
import type { ChunkWindow } from './chunk-window.ts'
import type { UploadItem } from './events.ts'
import type { FileIdentity, OpenedFile } from './file-source.ts'
import { readStable } from './read-stable.ts'
import { asError, isFatal, type UploadRun } from './upload-run.ts'

/** A file of a batch, read and described; its chunks lie in the batch's window. */
export type PreparedFile = { item: UploadItem; identity: FileIdentity; content: Content }

export type Preparation =
  | { is: 'prepared'; file: PreparedFile }
  /** Settled already: equal to what is there, busy, or unreadable. */
  | { is: 'settled' }
  /** It has grown past what is left of the window. */
  | { is: 'no-room'; item: UploadItem }

class NoRoom extends Error {}

/** Reads one small file into the window. Throws only what ends the whole upload. */
export async function prepareFile(run: UploadRun, item: UploadItem, window: ChunkWindow): Promise<Preparation> {
  run.stop.throwIfAborted()
  run.totals.set({ current: item.path })
  try {
    const read = await readStable(run.files, item.path, (file, identity) =>
      describeSmall(run, { file, identity, window }),
    )
    if (read.is === 'busy' || !isMeant(item, read.value.content)) {
      run.settle(item, { is: 'busy' })
      return { is: 'settled' }
    }
    const { content } = read.value
    if (isPresent(item, content)) {
      run.settle(item, { is: 'unchanged', nodeId: item.present.nodeId })
      return { is: 'settled' }
    }
    return { is: 'prepared', file: { item, identity: read.identity, content } }
  } catch (error) {
    if (error instanceof NoRoom) return { is: 'no-room', item }
    if (isFatal(run, error)) throw error
    run.settle(item, { is: 'failed', error: asError(error) })
    return { is: 'settled' }
  }
}

export const isPresent = (
  item: UploadItem,
  content: { size: number; sha256: string },
): item is UploadItem & { present: NonNullable<UploadItem['present']> } =>
  item.present !== undefined &&
  item.present.sizeBytes === content.size &&
  item.present.sha256 === content.sha256 &&
  item.present.executable === item.executable

export const isMeant = ({ sha256 }: UploadItem, content: Content): boolean =>
  sha256 === undefined || sha256 === content.sha256

type Small = { file: OpenedFile; identity: FileIdentity; window: ChunkWindow }

async function describeSmall(
  run: UploadRun,
  { file, identity, window }: Small,
): Promise<{ content: Content; sizeBytes: number }> {
  const { sizeBytes } = identity
  if (isInline(sizeBytes)) {
    const plain = await readWhole(file, sizeBytes)
    return { content: inlineContent(plain), sizeBytes: plain.length }
  }
  if (sizeBytes > SAMPLE_BYTES) return describeChunks(run, { file: file.read(sizeBytes), sizeBytes, window })
  const plain = await readWhole(file, sizeBytes)
  const described = describeOneChunk(plain)
  if (described === null) return describeChunks(run, { file: each(plain), sizeBytes, window })
  const { content, stored } = described
  if (!window.add({ ref: content.chunks[0]!, stored })) throw new NoRoom()
  return { content, sizeBytes: content.size }
}

async function* each(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece
}

type Chunks = { file: AsyncIterable<Uint8Array>; sizeBytes: number; window: ChunkWindow }

async function describeChunks(
  run: UploadRun,
  { file, sizeBytes, window }: Chunks,
): Promise<{ content: Content; sizeBytes: number }> {
  const describing = describeContent(file, { sizeBytes, slots: run.smallSlots, signal: run.stop })
  let isFull = false
  for (;;) {
    const step = await describing.next()
    if (step.done) {
      if (isFull) throw new NoRoom()
      return { content: step.value, sizeBytes: step.value.size }
    }
    const { stored, sha256, storedBytes, plainBytes } = step.value
    const ref: ChunkRef = { sha256, size: storedBytes, plain: plainBytes }
    isFull ||= !window.add({ ref, stored: stored.subarray(0, storedBytes) })
    step.value.release()
    if (isFull) {
      await describing.return(undefined as never)
      throw new NoRoom()
    }
  }
}

/** All of a file that was small when it was opened; one that has grown since is cut off, and then found to have changed. */
async function readWhole(file: OpenedFile, sizeBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of file.read(sizeBytes)) {
    pieces.push(Uint8Array.from(piece))
    length += piece.length
    if (length > sizeBytes) break
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}

/** The fields of an init that come from the file itself. */
export function describedFields({ item, identity, content }: PreparedFile) {
  return {
    ...(item.mutationId === undefined ? {} : { mutationId: item.mutationId }),
    target: item.target,
    base: item.base,
    size: content.size,
    sha256: content.sha256,
    content: contentInput(content),
    mtimeNs: identity.mtimeNs,
    executable: item.executable,
  }
}

export function contentInput(content: Content) {
  return content.held === 'inline' ? { inline: content.inline } : { codec: content.codec, chunks: content.chunks }
}

/** @throws AppError `internal` */
export const neverSettled = (): AppError =>
  new AppError('internal', { detail: 'the server gave no result for this file' })
