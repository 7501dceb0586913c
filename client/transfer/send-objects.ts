import { AppError, invariant } from '../../core/errors.ts'
import type { SignedRequest } from '../../core/object-store.ts'
import { sha256Of } from '../content/sha256.ts'
import type { ChunkWindow, PlannedObject } from './chunk-window.ts'
import type { UploadObjectsReply } from '../../protocol/files.ts'
import { putObject } from './object-requests.ts'
import type { Tally } from './totals.ts'
import type { UploadRun } from './upload-run.ts'

/** Objects in one signing request; fewer than the server takes, so that the first PUT starts early. */
const SIGN_MAX = 64
/** A signature that keeps expiring means clocks that disagree: give up, and say so. */
const SIGN_TRIES = 5

/** What is known of an open upload: its id, and the chunks that arrived in an earlier run. */
export type OpenUpload = {
  uploadId: string
  arrived: ReadonlySet<string>
  tally: Tally
  /** Whether the windows so far held nothing that the server had; shared by those under way. */
  guess: { allMissing: boolean }
  /** Its commit took place, only the answer was lost: nothing is sent, the commit is repeated. */
  isCommitted?: boolean
}

/**
 * Asks which chunks of the window the server lacks, then sends those. While everything has been missing so far, as with a new file, the
 * objects are declared in the same request, which saves every second one.
 */
export async function checkAndSend(run: UploadRun, upload: OpenUpload, window: ChunkWindow): Promise<void> {
  const unknown = new Set([...window.chunks.keys()].filter((sha256) => !upload.arrived.has(sha256)))
  if (unknown.size === 0) return settleHeld(run, upload, { window, missing: unknown })
  const guessed = upload.guess.allMissing ? window.planObjects(unknown) : []
  const check = [...unknown].map((sha256) => ({ sha256, size: window.chunks.get(sha256)?.size ?? 0 }))
  journalObjects(run, upload, guessed)
  const reply = await run.api.uploadObjects(upload.uploadId, { check, objects: guessed.map(declared) })
  const missing = new Set(reply.missing)
  const isRight = missing.size === unknown.size
  upload.guess.allMissing = isRight
  if (!isRight || guessed.length === 0) return sendMissing(run, upload, { window, missing })
  settleHeld(run, upload, { window, missing })
  await putAll(run, upload, { objects: guessed, requests: requestsOf(reply) })
}

/**
 * Sends the chunks of the window that are missing, packed into objects.
 * @throws AppError `content-mismatch` when the store refuses bytes that have their hash; `store-unavailable`; ConnectionError
 */
export async function sendMissing(run: UploadRun, upload: OpenUpload, { window, missing }: Sending): Promise<void> {
  const toSend = new Set([...missing].filter((sha256) => window.has(sha256) && !upload.arrived.has(sha256)))
  settleHeld(run, upload, { window, missing: toSend })
  const objects = window.planObjects(toSend)
  journalObjects(run, upload, objects)
  const batches: Promise<unknown>[] = []
  for (let at = 0; at < objects.length; at += SIGN_MAX)
    batches.push(signAndPut(run, upload, objects.slice(at, at + SIGN_MAX)))
  await allSettledOrThrow(batches)
}

/** Before the PUT, so that what arrived is always known (TF-6). */
function journalObjects(run: UploadRun, { uploadId }: OpenUpload, objects: readonly PlannedObject[]): void {
  if (objects.length === 0) return
  const journaled = objects.map(({ sha256, chunks }) => ({ sha256, chunks: chunks.map((chunk) => chunk.sha256) }))
  run.journal.addObjects(uploadId, journaled)
}

type Sending = { window: ChunkWindow; missing: ReadonlySet<string> }

function settleHeld(run: UploadRun, upload: OpenUpload, { window, missing }: Sending): void {
  let heldBytes = 0
  for (const chunk of window.chunks.values()) if (!missing.has(chunk.sha256)) heldBytes += chunk.plain
  run.totals.add({ bytesDeduplicated: heldBytes })
  upload.tally.done(heldBytes)
}

async function signAndPut(run: UploadRun, upload: OpenUpload, objects: PlannedObject[]): Promise<void> {
  await putAll(run, upload, { objects, requests: await sign(run, upload, objects) })
}

type Requests = ReadonlyMap<string, SignedRequest>

async function putAll(
  run: UploadRun,
  upload: OpenUpload,
  { objects, requests }: { objects: PlannedObject[]; requests: Requests },
): Promise<void> {
  await allSettledOrThrow(objects.map((object) => run.limitPuts(() => put(run, upload, { object, requests }))))
}

async function sign(run: UploadRun, upload: OpenUpload, objects: PlannedObject[]): Promise<Requests> {
  return requestsOf(await run.api.uploadObjects(upload.uploadId, { objects: objects.map(declared) }))
}

const requestsOf = ({ requests }: UploadObjectsReply): Requests =>
  new Map(requests.map(({ sha256, request }) => [sha256, request]))

const declared = ({ sha256, sizeBytes, chunks }: PlannedObject) =>
  chunks.length === 1
    ? { sha256, size: sizeBytes }
    : { sha256, size: sizeBytes, pack: chunks.map((chunk) => ({ sha256: chunk.sha256, size: chunk.size })) }

type Put = { object: PlannedObject; requests: Requests }

async function put(run: UploadRun, upload: OpenUpload, { object, requests }: Put): Promise<void> {
  let request = requests.get(object.sha256)
  let wasRefused = false
  for (let attempt = 1; attempt <= SIGN_TRIES; attempt++) {
    run.stop.throwIfAborted()
    // No request for an object means that the server knows it to be there.
    if (request === undefined) return countObject(run, upload, { object, outcome: 'already-there' })
    const outcome = await putObject(run.api.transport, request, object.bytes)
    if (outcome === 'stored' || outcome === 'already-there') return countObject(run, upload, { object, outcome })
    if (outcome === 'refused') {
      invariant(sha256Of(object.bytes) === object.sha256, 'bytes in memory keep their hash until they are sent')
      if (wasRefused) break
      wasRefused = true
    }
    request = (await sign(run, upload, [object])).get(object.sha256)
  }
  throw wasRefused
    ? new AppError('content-mismatch', {
        detail: 'the object store refuses these bytes: something on the way changes them',
      })
    : new AppError('store-unavailable', { detail: 'the object store refuses every signature: check the clocks' })
}

type Counted = { object: PlannedObject; outcome: 'stored' | 'already-there' }

function countObject(run: UploadRun, upload: OpenUpload, { object, outcome }: Counted): void {
  const plainBytes = object.chunks.reduce((sum, chunk) => sum + chunk.plain, 0)
  const savedBytes = Math.max(0, plainBytes - object.sizeBytes)
  run.totals.add(
    outcome === 'stored'
      ? { objectsSent: 1, bytesSent: object.sizeBytes, bytesCompressedAway: savedBytes }
      : { objectsResumed: 1 },
  )
  upload.tally.done(plainBytes)
}

/** Unlike Promise.all, waits for the others before it throws: their bytes lie in a window that is given back afterwards. */
export async function allSettledOrThrow(work: Iterable<Promise<unknown>>): Promise<void> {
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}
