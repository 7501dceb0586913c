import { AppError } from '../../core/errors.ts'
import type { UploadId } from '../../core/ids.ts'
import type { StoredUpload } from '../../db/tenant/uploads.ts'
import { uploadObjectsBody, type UploadObjectsBody } from '../../protocol/files.ts'
import { idParam, json, reader, unwrapParam, type Call } from './call.ts'
import { signObject } from './init-upload.ts'
import { readBody } from './read-body.ts'
import { listArrived } from './staging.ts'

/** GET /v1/uploads/{id}: from here an interrupted upload goes on. */
export async function uploadStatus(call: Call): Promise<Response> {
  const id = idParam(call, 'uploadId') as UploadId
  const { upload } = unwrapParam('uploadId', await reader(call).upload(call.principal.sessionId, id))
  const state = stateOf(upload, call.now)
  const arrived = state === 'open' ? [...(await listArrived(call, id)).keys()].filter((name) => name.length === 64) : []
  return json({ uploadId: id, state, expiresAt: upload.expiresAt, arrived })
}

/** POST /v1/uploads/{id}/objects: which chunks are missing, and signed PUTs for objects, also for ones that were signed before. */
export async function uploadObjects(call: Call): Promise<Response> {
  const id = idParam(call, 'uploadId') as UploadId
  const body = await readBody(call.request, uploadObjectsBody)
  const packs = declaredPacks(body)
  const hashes = body.check.map((chunk) => chunk.sha256)
  const { upload, held } = unwrapParam(
    'uploadId',
    await reader(call).progressUpload(call.principal.sessionId, id, { now: call.now, hashes, packs }),
  )
  if (stateOf(upload, call.now) !== 'open') throw new AppError('upload-expired', { field: 'uploadId' })
  const known = new Set(held)
  const missing = [...new Set(body.check.map((chunk) => chunk.sha256))].filter((hash) => !known.has(hash))
  const requests = await Promise.all(body.objects.map((object) => signObject(call, id, object.sha256, object.size)))
  return json({ expiresAt: upload.expiresAt, missing, requests })
}

/** DELETE /v1/uploads/{id} */
export async function abortUpload(call: Call): Promise<Response> {
  const id = idParam(call, 'uploadId') as UploadId
  unwrapParam('uploadId', await reader(call).abandon(call.principal.sessionId, id, call.now + call.config.gcGraceMs))
  return new Response(null, { status: 204 })
}

const stateOf = (upload: Pick<StoredUpload, 'state' | 'expiresAt'>, now: number): StoredUpload['state'] =>
  upload.state === 'open' && upload.expiresAt <= now ? 'expired' : upload.state

/** @throws content-mismatch when a pack's chunks do not fill it */
function declaredPacks({ objects }: UploadObjectsBody): StoredUpload['packs'] {
  const packs: StoredUpload['packs'] = []
  for (const [at, { sha256, size, pack }] of objects.entries()) {
    if (!pack) continue
    const total = pack.reduce((sum, chunk) => sum + chunk.size, 0)
    if (total !== size)
      throw new AppError('content-mismatch', {
        field: `objects/${at}/size`,
        detail: `its chunks add up to ${total} bytes`,
      })
    // An object that is named like one of its chunks counts as that chunk alone (byte-runs.ts, the auditor).
    if (pack.some((chunk) => chunk.sha256 === sha256))
      throw new AppError('invalid-request', { field: `objects/${at}/pack`, detail: 'a pack does not hold itself' })
    packs.push({ sha256, size, members: pack.map((chunk): [string, number] => [chunk.sha256, chunk.size]) })
  }
  return packs
}
