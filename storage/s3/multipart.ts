import { AppError, invariant } from '../../core/errors.ts'
import type { MultipartStore } from '../../core/object-store.ts'
import type { S3Call, S3Send } from './s3-calls.ts'
import { errorCode, unexpected } from './s3-calls.ts'
import type { SignedRequests } from './signed-requests.ts'
import { elements, elementText, escapeXml } from './xml.ts'

type Part = { partNumber: number; etag: string }
type ListedPart = Part & { sizeBytes: number }

const MAX_PARTS = 10_000
const PARTS_A_PAGE = 1000
/** Joining thousands of parts takes S3 a while. */
const COMPLETE_TIMEOUT_MS = 60_000

/** Multipart uploads over S3. A part's hash and length are signed; the parts in `complete` are named by the store's etag. */
export const s3Multipart = (send: S3Send, signed: SignedRequests): MultipartStore => ({
  begin: (key) => begin(send, key),
  signPart: (part, now) => signed.part(part, now),
  listParts: (key, multipartId) => listParts(send, key, multipartId),
  complete: (key, multipartId, parts) => complete(send, { key, multipartId, parts }),
  abort: (key, multipartId) => abort(send, key, multipartId),
})

function begin(send: S3Send, key: string): Promise<{ multipartId: string }> {
  // Not repeated: each success opens another upload, and a lost one would stay open until the store's own sweep.
  const call: S3Call = {
    operation: 'CreateMultipartUpload',
    method: 'POST',
    key,
    query: { uploads: '' },
    headers: { 'content-type': 'application/octet-stream' },
    isIdempotent: false,
  }
  return send(call, async (response) => {
    if (response.status !== 200) throw await unexpected(call, response)
    const multipartId = elementText(await response.text(), 'UploadId')
    invariant(multipartId, 'CreateMultipartUpload answers an upload id')
    return { multipartId }
  })
}

async function listParts(send: S3Send, key: string, multipartId: string): Promise<ListedPart[]> {
  const parts: ListedPart[] = []
  for (let page = 0; page < MAX_PARTS / PARTS_A_PAGE; page++) {
    const answer = await listPartsPage(send, { key, multipartId, after: parts.at(-1)?.partNumber ?? 0 })
    parts.push(...answer.parts)
    if (!answer.isTruncated) break
  }
  return parts
}

function listPartsPage(send: S3Send, { key, multipartId, after }: { key: string; multipartId: string; after: number }) {
  const query: Record<string, string> = { 'max-parts': String(PARTS_A_PAGE), uploadId: multipartId }
  if (after > 0) query['part-number-marker'] = String(after)
  const call: S3Call = { operation: 'ListParts', method: 'GET', key, query, isIdempotent: true }
  return send(call, async (response) => {
    if (response.status === 404) throw uploadGone()
    if (response.status !== 200) throw await unexpected(call, response)
    const xml = await response.text()
    const parts = elements(xml, 'Part').map((part) => ({
      partNumber: Number(elementText(part, 'PartNumber')),
      sizeBytes: Number(elementText(part, 'Size')),
      etag: elementText(part, 'ETag') ?? '',
    }))
    return { parts, isTruncated: elementText(xml, 'IsTruncated') === 'true' }
  })
}

type Completion = { key: string; multipartId: string; parts: Part[] }

async function complete(send: S3Send, completion: Completion): Promise<void> {
  const { key, multipartId, parts } = completion
  invariant(parts.length >= 1 && parts.length <= MAX_PARTS, 'an upload has 1 to 10,000 parts')
  const call: S3Call = {
    operation: 'CompleteMultipartUpload',
    method: 'POST',
    key,
    query: { uploadId: multipartId },
    headers: { 'content-type': 'application/xml' },
    body: completionXml(parts),
    isIdempotent: true,
    timeoutMs: COMPLETE_TIMEOUT_MS,
  }
  const outcome = await send(call, (response) => completionOutcome(call, response))
  // The answer to an earlier attempt may have been lost: then the upload is gone and its object stands.
  if (outcome === 'gone' && !(await isJoined(send, key, parts.length))) throw uploadGone()
}

async function completionOutcome(call: S3Call, response: Response): Promise<'joined' | 'gone'> {
  if (response.status === 200) {
    // S3 sends the 200 before it has joined the parts: a failure then shows in the body alone.
    const body = await response.text()
    if (body.includes('<CompleteMultipartUploadResult')) return 'joined'
    const cause = new Error(`${call.operation}: 200 ${elementText(body, 'Code') ?? 'without a result'}`)
    throw new AppError('store-unavailable', { retryAfterMs: 1000 }, { cause })
  }
  if (response.status !== 404 && response.status !== 400) throw await unexpected(call, response)
  const code = await errorCode(response)
  switch (code) {
    case 'NoSuchUpload':
      return 'gone'
    case 'InvalidPart':
    case 'InvalidPartOrder':
      throw new AppError('upload-incomplete', { detail: 'a part is missing, or is not the one that was stored' })
    case 'EntityTooSmall':
      throw new AppError('content-mismatch', { detail: 'every part but the last holds at least 5 MiB' })
    default: {
      const cause = new Error(`${call.operation}: ${response.status} ${code ?? ''}`)
      throw new AppError('internal', { detail: 'the object store refused a request of ours' }, { cause })
    }
  }
}

function completionXml(parts: Part[]): string {
  const inOrder = parts.toSorted((a, b) => a.partNumber - b.partNumber)
  const items = inOrder.map(
    ({ partNumber, etag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  )
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${items.join('')}</CompleteMultipartUpload>`
}

/** Whether the key holds an object joined of that many parts: its etag ends in their number. */
function isJoined(send: S3Send, key: string, partCount: number): Promise<boolean> {
  const call: S3Call = { operation: 'HeadObject', method: 'HEAD', key, isIdempotent: true }
  return send(call, async (response) => {
    if (response.status === 404) return false
    if (response.status !== 200) throw await unexpected(call, response)
    return response.headers.get('etag')?.replaceAll('"', '').endsWith(`-${partCount}`) ?? false
  })
}

function abort(send: S3Send, key: string, multipartId: string): Promise<void> {
  const call: S3Call = {
    operation: 'AbortMultipartUpload',
    method: 'DELETE',
    key,
    query: { uploadId: multipartId },
    isIdempotent: true,
  }
  return send(call, async (response) => {
    if (response.status !== 204 && response.status !== 200 && response.status !== 404)
      throw await unexpected(call, response)
    await response.body?.cancel()
  })
}

const uploadGone = () => new AppError('upload-expired', { detail: 'the multipart upload was ended or has expired' })
