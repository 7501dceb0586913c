import type { ChunkRef } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { ChunkedContent } from '../content/describe-content.ts'
import { sha256Of } from '../content/sha256.ts'
import { STREAM_WINDOW_BYTES } from './chunk-window.ts'
import { fileKey } from './file-key.ts'
import { contentInput, neverSettled } from './prepare-file.ts'
import { readStable } from './read-stable.ts'
import type { OpenUpload } from './send-objects.ts'
import { identifyNow, initFields, settleCommitted, type StreamWork } from './stream-work.ts'
import { wantsFreshStart } from './upload-run.ts'
import { createFilling, type WindowFilling } from './window-filling.ts'

/**
 * A large file of which it is known what it is made of: init with all its chunks → the server says which it lacks → those alone are read, hashed once more, and
 * sent → commit of what the init told. What is committed has the hash that was told: chunks that are not sent have their names' bytes, wherever they are.
 * @returns `false`: it must be read whole
 */
export async function uploadListed(work: StreamWork, content: ChunkedContent): Promise<boolean> {
  const { run, item, tally } = work
  const { sizeBytes, mtimeNs } = await identifyNow(run, item)
  if (sizeBytes !== content.size || item.sha256 !== content.sha256) return false
  const { size, sha256 } = content
  const init = { ...initFields(item), mtimeNs, size, sha256, content: contentInput(content) }
  const { uploadId, expiresAt, files, missing } = await run.api.initUpload({ files: [init], requests: 'none' })
  const [first] = files
  if (first?.state === 'done') return settleCommitted(work, first.result, content)
  if (uploadId === null) throw neverSettled()
  const journaled = [{ fileKey: fileKey(item), index: 0, sha256 }]
  run.journal.begin({ uploadId, expiresAt: expiresAt ?? 0, files: journaled })
  const upload: OpenUpload = { uploadId, arrived: new Set(), tally, guess: { allMissing: true } }
  try {
    return await sendAndCommit(work, upload, { content, missing: new Set(missing) })
  } catch (error) {
    if (!(error instanceof AppError) || !wantsFreshStart(error.code)) throw error
    run.journal.end(uploadId)
    return false
  }
}

async function sendAndCommit(work: StreamWork, upload: OpenUpload, sending: Missing): Promise<boolean> {
  const { run, item } = work
  const { uploadId } = upload
  const isSent = await sendMissing(work, upload, sending)
  if (isSent) {
    const [result] = await run.api.commit(uploadId, { files: [{ index: 0 }] })
    run.journal.end(uploadId)
    return settleCommitted(work, result, sending.content)
  }
  run.journal.end(uploadId)
  await run.api.abortUpload(uploadId).catch(() => {})
  run.settle(item, { is: 'busy' })
  return true
}

type Missing = { content: ChunkedContent; missing: ReadonlySet<string> }

/** @returns `false`: the file has other bytes by now */
async function sendMissing(
  { run, item }: StreamWork,
  upload: OpenUpload,
  { content, missing }: Missing,
): Promise<boolean> {
  run.totals.set({ current: item.path })
  const largest = content.chunks.reduce((most, { plain }) => Math.max(most, plain), 0)
  const read = await readStable(run.files, item.path, async (file, { sizeBytes }) => {
    const filling = createFilling(run, upload, Math.max(STREAM_WINDOW_BYTES, largest))
    try {
      let isAsListed = sizeBytes === content.size
      for (const part of partsOf(content.chunks, missing))
        isAsListed &&= await fillWith(filling, part, file.readRange(part.from, part.to))
      if (isAsListed) await filling.finish()
      return { isAsListed, sizeBytes }
    } finally {
      await filling.giveUp()
    }
  })
  if (read.is === 'busy' || !read.value.isAsListed) return false
  const held = content.chunks.reduce((sum, { sha256, plain }) => sum + (missing.has(sha256) ? 0 : plain), 0)
  run.totals.add({ bytesDeduplicated: held })
  upload.tally.done(held)
  return true
}

/** Chunks that follow each other in the file, `[from, to)` of its bytes. */
type Part = { from: number; to: number; refs: ChunkRef[] }

/** What is missing, each chunk once. */
function partsOf(chunks: readonly ChunkRef[], missing: ReadonlySet<string>): Part[] {
  const wanted = new Set(missing)
  const parts: Part[] = []
  let at = 0
  for (const ref of chunks) {
    const last = parts.at(-1)
    if (!wanted.delete(ref.sha256)) at += ref.plain
    else if (last?.to === at) {
      last.refs.push(ref)
      last.to = at += ref.plain
    } else parts.push({ from: at, to: (at += ref.plain), refs: [ref] })
  }
  return parts
}

/** @returns `false`: these are not the bytes of these chunks */
async function fillWith(filling: WindowFilling, part: Part, pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const refs = part.refs.values()
  let ref = refs.next().value
  let stored = Buffer.allocUnsafeSlow(ref?.plain ?? 0)
  let filled = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      if (ref === undefined) return false
      const more = piece.subarray(at, at + ref.plain - filled)
      stored.set(more, filled)
      filled += more.length
      at += more.length
      if (filled < ref.plain) break
      if (sha256Of(stored.subarray(0, filled)) !== ref.sha256) return false
      await filling.add({ ref, stored: stored.subarray(0, filled) })
      filled = 0
      ref = refs.next().value
      if (ref !== undefined && ref.plain > stored.length) stored = Buffer.allocUnsafeSlow(ref.plain)
    }
  }
  return ref === undefined
}
