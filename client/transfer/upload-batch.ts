import { AppError } from '../../core/errors.ts'
import type { InitUploadReply, MutationResult, UploadStatusReply } from '../../protocol/files.ts'
import { BATCH_WINDOW_BYTES, type ChunkWindow } from './chunk-window.ts'
import type { UploadItem } from './events.ts'
import { fileKey } from './file-key.ts'
import { describedFields, neverSettled, prepareFile, type PreparedFile } from './prepare-file.ts'
import { checkAndSend, sendMissing } from './send-objects.ts'
import { createTally, type Tally } from './totals.ts'
import { asError, isFatal, outcomeOf, wantsFreshStart, type UploadRun } from './upload-run.ts'

/**
 * Many small files as one upload: read all → init → pack what is missing → PUT → commit. What went wrong with one file is that file's
 * outcome; a batch that the server refuses as a whole is halved until the file at fault stands alone.
 *
 * @returns files that must be uploaded on their own, since they have grown too large for a batch
 */
export async function uploadBatch(run: UploadRun, items: UploadItem[]): Promise<UploadItem[]> {
  const tally = createTally(run.totals, bytesOf(items))
  const left = await run.windows.lend(BATCH_WINDOW_BYTES, async (window) => {
    const { files, noRoom } = await prepareAll(run, items, window)
    await sendBatch({ run, window, tally, isLastTry: false }, files)
    return noRoom
  })
  // Those that are left are counted by the job that takes them over.
  tally.finish()
  run.totals.add({ bytesDone: -bytesOf(left) })
  return left
}

const bytesOf = (items: readonly UploadItem[]): number => items.reduce((sum, item) => sum + item.sizeBytes, 0)

export async function prepareAll(
  run: UploadRun,
  items: readonly UploadItem[],
  window: ChunkWindow,
): Promise<{ files: PreparedFile[]; noRoom: UploadItem[] }> {
  const files: PreparedFile[] = []
  const noRoom: UploadItem[] = []
  const preparations = items.map((item) => run.limitReads(() => prepareFile(run, item, window)))
  const results = await Promise.allSettled(preparations)
  for (const result of results) {
    if (result.status === 'rejected') throw result.reason
    if (result.value.is === 'prepared') files.push(result.value.file)
    if (result.value.is === 'no-room') noRoom.push(result.value.item)
  }
  return { files, noRoom }
}

export type BatchWork = { run: UploadRun; window: ChunkWindow; tally: Tally; isLastTry: boolean }

/** Uploads and commits files whose chunks lie in the window. */
export async function sendBatch(work: BatchWork, files: PreparedFile[]): Promise<void> {
  if (files.length === 0) return
  try {
    await initAndCommit(work, files)
  } catch (error) {
    if (isFatal(work.run, error)) throw error
    await recover(work, files, error)
  }
}

async function recover(work: BatchWork, files: PreparedFile[], error: unknown): Promise<void> {
  const { run } = work
  if (error instanceof AppError && wantsFreshStart(error.code) && !work.isLastTry)
    return sendBatch({ ...work, isLastTry: true }, files)
  if (files.length === 1 || !(error instanceof AppError) || error.code === 'internal') {
    for (const { item } of files) run.settle(item, { is: 'failed', error: asError(error) })
    return
  }
  const half = Math.ceil(files.length / 2)
  await sendBatch(work, files.slice(0, half))
  await sendBatch(work, files.slice(half))
}

async function initAndCommit(work: BatchWork, files: PreparedFile[]): Promise<void> {
  const { run, window, tally } = work
  const reply = await run.api.initUpload({ files: files.map(describedFields), requests: 'none' })
  const inlineBytes = files.reduce((sum, { content }) => sum + (content.held === 'inline' ? content.size : 0), 0)
  run.totals.add({ bytesSent: inlineBytes })
  const again: PreparedFile[] = settleDone(work, files, reply)
  const pending = new Map<number, PreparedFile>()
  for (const { index, state } of reply.files) {
    const file = files[index]
    if (state === 'pending' && file !== undefined) pending.set(index, file)
  }
  const { uploadId } = reply
  if (uploadId !== null && pending.size > 0) {
    journalBatch(run, { uploadId, expiresAt: reply.expiresAt ?? 0 }, pending)
    const upload = { uploadId, arrived: new Set<string>(), tally, guess: { allMissing: false } }
    await sendMissing(run, upload, { window, missing: missingOf(files, reply) })
    again.push(...(await commitFiles(work, uploadId, { files: pending })))
  }
  if (again.length > 0) await sendBatch({ ...work, isLastTry: true }, again)
}

/**
 * In the order of the files, which is that of their ids: whoever fetches many of them, one after the other, finds their chunks side by side. They were
 * read as the disk gave them.
 */
function missingOf(files: readonly PreparedFile[], { missing }: InitUploadReply): Set<string> {
  const wanted = new Set(missing)
  const chunks = files.flatMap(({ content }) => (content.held === 'chunks' ? content.chunks : []))
  return new Set(chunks.flatMap(({ sha256 }) => (wanted.has(sha256) ? [sha256] : [])))
}

/** @returns the files that deserve a fresh start */
function settleDone(work: BatchWork, files: PreparedFile[], reply: InitUploadReply): PreparedFile[] {
  const again: PreparedFile[] = []
  for (const result of reply.files) {
    const file = files[result.index]
    if (file === undefined || result.state !== 'done') continue
    if (!settleResult(work, file, result.result)) again.push(file)
  }
  return again
}

function settleResult({ run, isLastTry }: BatchWork, { item }: PreparedFile, result: MutationResult): boolean {
  const outcome = outcomeOf(result)
  if (!isLastTry && outcome.is === 'rejected' && wantsFreshStart(outcome.code)) return false
  run.settle(item, outcome)
  return true
}

type Commit = {
  /** By their index in the init. */
  files: ReadonlyMap<number, PreparedFile>
  /** The plan's view is newer than the init's, where an upload was taken up. */
  withBase?: boolean
}

/** @returns the files that deserve a fresh start */
async function commitFiles(work: BatchWork, uploadId: string, { files, withBase }: Commit): Promise<PreparedFile[]> {
  const { run } = work
  const entries = [...files]
  const results = await run.api.commit(uploadId, {
    files: entries.map(([index, { item }]) => ({ index, ...(withBase ? { base: item.base } : {}) })),
  })
  run.journal.end(uploadId)
  const again: PreparedFile[] = []
  for (const [at, [, file]] of entries.entries()) {
    const result = results[at]
    if (result === undefined) run.settle(file.item, { is: 'failed', error: neverSettled() })
    else if (!settleResult(work, file, result)) again.push(file)
  }
  return again
}

function journalBatch(
  run: UploadRun,
  upload: { uploadId: string; expiresAt: number },
  pending: ReadonlyMap<number, PreparedFile>,
): void {
  const files = [...pending].map(([index, { item, content }]) => ({
    fileKey: fileKey(item),
    index,
    sha256: content.sha256,
  }))
  run.journal.begin({ ...upload, files })
}

/**
 * Takes up a batch that an earlier run left open: objects that arrived are not sent again, and a commit whose answer was lost gives
 * its first answer. What has changed since, or has expired, is started anew.
 * @returns files that must be uploaded on their own
 */
export async function resumeBatch(run: UploadRun, uploadId: string, items: UploadItem[]): Promise<UploadItem[]> {
  const status = await statusOrNull(run, uploadId)
  if (status === null) {
    run.journal.end(uploadId)
    return uploadBatch(run, items)
  }
  const tally = createTally(run.totals, bytesOf(items))
  const left = await run.windows.lend(BATCH_WINDOW_BYTES, async (window) => {
    const { files, noRoom } = await prepareAll(run, items, window)
    const work: BatchWork = { run, window, tally, isLastTry: false }
    const again = await takeUpBatch(work, status, files).catch((error: unknown) => {
      if (isFatal(run, error)) throw error
      return files
    })
    run.journal.end(uploadId)
    await sendBatch({ ...work, isLastTry: true }, again)
    return noRoom
  })
  tally.finish()
  run.totals.add({ bytesDone: -bytesOf(left) })
  return left
}

/** `null`: it has expired, or the server does not know it any more. */
async function statusOrNull(run: UploadRun, uploadId: string): Promise<UploadStatusReply | null> {
  try {
    const status = await run.api.uploadStatus(uploadId)
    return status.state === 'expired' ? null : status
  } catch (error) {
    if (isFatal(run, error)) throw error
    return null
  }
}

/** @returns the files that must be started anew */
async function takeUpBatch(work: BatchWork, status: UploadStatusReply, files: PreparedFile[]): Promise<PreparedFile[]> {
  const { run, window, tally } = work
  const { uploadId, state } = status
  const journaled = run.journal.load(uploadId)
  const { byIndex, changed } = matchJournal(journaled.files, files)
  if (byIndex.size === 0) return changed
  const arrived = arrivedChunks(journaled.objects, status.arrived)
  if (state === 'open') await checkAndSend(run, { uploadId, arrived, tally, guess: { allMissing: false } }, window)
  return [...changed, ...(await commitFiles(work, uploadId, { files: byIndex, withBase: state === 'open' }))]
}

/** The chunks that need not be sent, since an object with them arrived. */
export function arrivedChunks(
  objects: readonly { sha256: string; chunks: readonly string[] }[],
  arrived: readonly string[],
): Set<string> {
  const chunks = new Set(arrived)
  for (const object of objects) if (chunks.has(object.sha256)) for (const chunk of object.chunks) chunks.add(chunk)
  return chunks
}

function matchJournal(
  journaled: readonly { fileKey: string; index: number; sha256: string | null }[],
  files: PreparedFile[],
) {
  const known = new Map(journaled.map((file) => [file.fileKey, file]))
  const byIndex = new Map<number, PreparedFile>()
  const changed: PreparedFile[] = []
  for (const file of files) {
    const entry = known.get(fileKey(file.item))
    if (entry !== undefined && entry.sha256 === file.content.sha256) byIndex.set(entry.index, file)
    else changed.push(file)
  }
  return { byIndex, changed }
}
