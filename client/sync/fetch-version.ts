import { AppError } from '../../core/errors.ts'
import type { NodeId } from '../../core/ids.ts'
import type { Item } from '../../core/reconcile/item.ts'
import type { ChunkedContent } from '../content/describe-content.ts'
import type { Course } from './course.ts'
import { localPath } from './local-path.ts'
import { chunksOfOldFile, noChunks, WORTH_BYTES } from './old-chunks.ts'
import type { Wanted } from './place-version.ts'
import type { ChunkSource, FinishedTemp } from './ports.ts'
import { createPieceWriter } from './write-behind.ts'

/** A version in a temporary file. With the chunks of the old file; when that gives wrong bytes, without. */
export async function fetchVersion(course: Course, item: Item, wanted: Wanted): Promise<FinishedTemp> {
  const path = wanted.step.expects.is === 'content' ? localPath(course.store, item.id) : null
  const { synced } = item
  if (path === null || synced?.content.kind !== 'file' || synced.content.size < WORTH_BYTES)
    return fetchWith(course, wanted, noChunks)
  const { contentRevision: revision, content } = synced
  const list = course.lists.get(content.sha256)
  const old = { node: item.id as NodeId, revision, path, sizeBytes: content.size, list }
  const have = chunksOfOldFile(course.remote, course.disk, old)
  try {
    return await fetchWith(course, wanted, have)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'content-mismatch') throw error
    return await fetchWith(course, wanted, noChunks)
  } finally {
    await have.close()
  }
}

async function fetchWith(course: Course, { step, remote }: Wanted, have: ChunkSource): Promise<FinishedTemp> {
  const { disk, rates, signal, lists } = course
  const learn = (chunks: ChunkedContent): void => void (sizeBytes >= WORTH_BYTES && lists.note(chunks))
  const sizeBytes = remote.content.kind === 'file' ? remote.content.size : 0
  const version = { node: step.item as NodeId, revision: remote.contentRevision, sizeBytes }
  const temp = await disk.createTemp()
  const writer = createPieceWriter(temp, sizeBytes)
  try {
    for await (const piece of course.remote.download(version, have, learn)) {
      signal.throwIfAborted()
      await rates.down.take(piece.length, signal)
      await writer.write(piece)
    }
    await writer.end()
    const executable = remote.content.kind === 'file' && remote.content.executable
    return await temp.finish({ mtimeNs: remote.mtimeNs, executable })
  } catch (error) {
    await writer.end().catch(() => {})
    await temp.drop()
    throw error
  }
}
