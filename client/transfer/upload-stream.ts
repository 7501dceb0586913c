import { chunkingRuleFor } from '../../core/chunking.ts'
import type { Content } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import { describeContent } from '../content/describe-content.ts'
import { inlineContent, isInline } from '../content/inline.ts'
import { startSha256 } from '../content/sha256.ts'
import { STREAM_WINDOW_BYTES } from './chunk-window.ts'
import type { UploadItem } from './events.ts'
import { fileKey } from './file-key.ts'
import type { FileIdentity, OpenedFile } from './file-source.ts'
import { contentInput, isMeant, isPresent, neverSettled } from './prepare-file.ts'
import { readStable } from './read-stable.ts'
import type { OpenUpload } from './send-objects.ts'
import { identifyNow, initFields, settleCommitted, type StreamWork } from './stream-work.ts'
import { createTally } from './totals.ts'
import { arrivedChunks } from './upload-batch.ts'
import { uploadListed } from './upload-listed.ts'
import { asError, isFatal, outcomeOf, wantsFreshStart, type UploadRun } from './upload-run.ts'
import { createFilling } from './window-filling.ts'

/**
 * One large file, read once: init without content → window by window: which chunks are missing? PUT those → commit with the content.
 * Windows overlap: the next is filled while those before it are on their way.
 */
export async function uploadStream(run: UploadRun, item: UploadItem, openUploadId: string | null): Promise<void> {
  const tally = createTally(run.totals, item.sizeBytes)
  try {
    await streamOrRestart({ run, item, tally }, openUploadId)
  } catch (error) {
    if (isFatal(run, error)) throw error
    run.settle(item, { is: 'failed', error: asError(error) })
  } finally {
    tally.finish()
  }
}

async function streamOrRestart(work: StreamWork, openUploadId: string | null): Promise<void> {
  const { run, item } = work
  if (await holdsSameBytes(work)) return
  if (openUploadId === null && item.chunks !== undefined && (await uploadListed(work, item.chunks))) return
  const taken = openUploadId === null ? null : await takeUp(work, openUploadId)
  for (const upload of [taken, 'anew', 'anew'] as const) {
    if (upload === null) continue
    run.stop.throwIfAborted()
    const open = upload === 'anew' ? await begin(work) : upload
    if (open === null || (await streamOnce(work, open))) return
  }
  run.settle(item, { is: 'rejected', code: 'upload-incomplete' })
}

/** @returns `false` when chunks or the upload itself went away meanwhile, and a fresh start may help */
async function streamOnce(work: StreamWork, upload: OpenUpload): Promise<boolean> {
  try {
    return await stream(work, upload)
  } catch (error) {
    if (!(error instanceof AppError) || !wantsFreshStart(error.code)) throw error
    return false
  }
}

/** Equal sizes are looked at before anything is sent: reading is cheaper than asking for every chunk. */
async function holdsSameBytes({ run, item }: StreamWork): Promise<boolean> {
  const { present } = item
  if (present === undefined || present.sizeBytes !== item.sizeBytes) return false
  const read = await readStable(run.files, item.path, async (file, identity) => {
    const sha = startSha256()
    let sizeBytes = 0
    for await (const piece of file.read(identity.sizeBytes)) {
      run.stop.throwIfAborted()
      sha.update(piece)
      sizeBytes += piece.length
    }
    return { sizeBytes, sha256: sha.digest() }
  })
  if (read.is === 'busy' || !isPresent(item, { size: read.value.sizeBytes, sha256: read.value.sha256 })) return false
  run.settle(item, { is: 'unchanged', nodeId: present.nodeId })
  return true
}

/** @returns `null` when the server refuses the file; it is settled then */
async function begin({ run, item, tally }: StreamWork): Promise<OpenUpload | null> {
  const { sizeBytes, mtimeNs } = await identifyNow(run, item)
  // The hash is only known when the file was read to its end: the commit brings it.
  const init = { ...initFields(item), size: sizeBytes, mtimeNs }
  const { uploadId, expiresAt, files } = await run.api.initUpload({ files: [init], requests: 'none' })
  const [first] = files
  if (first?.state === 'done') {
    run.settle(item, outcomeOf(first.result))
    return null
  }
  if (uploadId === null) throw neverSettled()
  const journaled = [{ fileKey: fileKey(item), index: 0, sha256: null }]
  run.journal.begin({ uploadId, expiresAt: expiresAt ?? 0, files: journaled })
  return { uploadId, arrived: new Set(), tally, guess: { allMissing: item.base === 0 } }
}

/** The open upload of an earlier run, or `null` when it has ended: then it is begun anew, without a word. */
async function takeUp({ run, tally }: StreamWork, uploadId: string): Promise<OpenUpload | null> {
  try {
    const { state, arrived } = await run.api.uploadStatus(uploadId)
    if (state !== 'expired') {
      const chunks = arrivedChunks(run.journal.load(uploadId).objects, arrived)
      return { uploadId, arrived: chunks, tally, guess: { allMissing: false }, isCommitted: state === 'committed' }
    }
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'not-found' && error.code !== 'upload-expired')) throw error
  }
  run.journal.end(uploadId)
  return null
}

/** @returns as `streamOnce` */
async function stream(work: StreamWork, upload: OpenUpload): Promise<boolean> {
  const { run, item } = work
  const read = await readStable(run.files, item.path, (file, identity) => sendContent(work, upload, { file, identity }))
  if (read.is === 'busy' || !isMeant(item, read.value.content)) {
    run.journal.end(upload.uploadId)
    await run.api.abortUpload(upload.uploadId).catch(() => {})
    run.settle(item, { is: 'busy' })
    return true
  }
  const { content } = read.value
  const described = { size: content.size, sha256: content.sha256, content: contentInput(content) }
  // Repeated word for word where it took place: another base would make it another mutation.
  const base = upload.isCommitted === true ? {} : { base: item.base }
  const [result] = await run.api.commit(upload.uploadId, { files: [{ index: 0, ...base, ...described }] })
  run.journal.end(upload.uploadId)
  return settleCommitted(work, result, content)
}

type Reading = { file: OpenedFile; identity: FileIdentity }

async function sendContent(
  work: StreamWork,
  upload: OpenUpload,
  { file, identity }: Reading,
): Promise<{ content: Content; sizeBytes: number }> {
  const { run, item } = work
  run.totals.set({ current: item.path })
  if (isInline(identity.sizeBytes)) {
    // It has shrunk since the plan.
    const pieces: Uint8Array[] = []
    for await (const piece of file.read(identity.sizeBytes)) pieces.push(Uint8Array.from(piece))
    const plain = Buffer.concat(pieces)
    return { content: inlineContent(plain.subarray(0, identity.sizeBytes)), sizeBytes: plain.length }
  }
  const rule = chunkingRuleFor(identity.sizeBytes)
  const filling = createFilling(run, upload, Math.max(STREAM_WINDOW_BYTES, rule.maxBytes))
  const describing = describeContent(file.read(identity.sizeBytes), {
    sizeBytes: identity.sizeBytes,
    rule,
    signal: run.stop,
  })
  try {
    for (;;) {
      const step = await describing.next()
      if (step.done) {
        await filling.finish()
        return { content: step.value, sizeBytes: step.value.size }
      }
      const { sha256, stored, storedBytes, plainBytes } = step.value
      try {
        if (upload.isCommitted === true) continue
        await filling.add({
          ref: { sha256, size: storedBytes, plain: plainBytes },
          stored: stored.subarray(0, storedBytes),
        })
      } finally {
        step.value.release()
      }
    }
  } finally {
    await describing.return(undefined as never)
    await filling.giveUp()
  }
}
