import { open } from 'node:fs/promises'
import type { Api } from '../../client/api.ts'
import { describeContent } from '../../client/content/describe-content.ts'
import { planPacks } from '../../client/content/pack.ts'
import { readPieces } from '../../client/content/read-pieces.ts'
import { startSha256 } from '../../client/content/sha256.ts'
import type { SignedRequest } from '../../core/object-store.ts'

/** An object of a raw file: a slice of it. */
type Slice = { offset: number; size: number; sha256: string; chunks: { sha256: string; size: number }[] }

export type SignedSlice = Slice & { request: SignedRequest }

/** Objects per signing request. */
const SIGN_MAX = 500

/**
 * What is left of an upload when everything but the PUTs is taken away: the file cut into the same chunks and objects, each
 * with its signed request. Nothing is timed here.
 */
export async function signSlices(api: Api, path: string, sizeBytes: number): Promise<SignedSlice[]> {
  const slices = await sliceFile(path, sizeBytes)
  const parent = (await api.resolve('home')).deepest.id
  const target = { parent, name: `bare-${api.newMutationId()}` }
  const { uploadId } = await api.initUpload({ files: [{ target, size: sizeBytes }], requests: 'none' })
  const signed: SignedSlice[] = []
  for (let at = 0; at < slices.length; at += SIGN_MAX) {
    const some = slices.slice(at, at + SIGN_MAX)
    const objects = some.map(({ sha256, size, chunks }) =>
      chunks.length === 1 ? { sha256, size } : { sha256, size, pack: chunks },
    )
    const { requests } = await api.uploadObjects(uploadId ?? '', { objects })
    const byHash = new Map(requests.map(({ sha256, request }) => [sha256, request]))
    for (const slice of some) signed.push({ ...slice, request: byHash.get(slice.sha256)! })
  }
  return signed
}

async function sliceFile(path: string, sizeBytes: number): Promise<Slice[]> {
  const file = await open(path)
  try {
    const describing = describeContent(readPieces(file, { sizeBytes }), { sizeBytes })
    const chunks: { sha256: SignedSlice['sha256'] & never; size: number; offset: number }[] = []
    let offset = 0
    for await (const chunk of describing) {
      chunks.push({ sha256: chunk.sha256 as never, size: chunk.storedBytes, offset })
      if (chunk.storedBytes !== chunk.plainBytes) throw new Error('the file of this benchmark must not compress')
      offset += chunk.storedBytes
      chunk.release()
    }
    const { packs, singles } = planPacks(chunks)
    const groups = [...packs, ...singles.map((single) => [single])]
    const slices: Slice[] = []
    for (const group of groups) {
      const size = group.reduce((sum, chunk) => sum + chunk.size, 0)
      const from = group[0]!.offset
      const sha = startSha256()
      sha.update((await file.read(Buffer.allocUnsafe(size), 0, size, from)).buffer)
      const plain = group.map(({ sha256, size: bytes }) => ({ sha256: sha256 as string, size: bytes }))
      slices.push({ offset: from, size, sha256: sha.digest(), chunks: plain })
    }
    return slices
  } finally {
    await file.close()
  }
}

/** The loop that is measured: read, PUT, next. */
export async function putSlices(path: string, slices: readonly SignedSlice[], concurrency: number): Promise<void> {
  const file = await open(path)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let slice = slices[next++]; slice !== undefined; slice = slices[next++]) {
      const { buffer } = await file.read(Buffer.allocUnsafeSlow(slice.size), 0, slice.size, slice.offset)
      await putOnce(slice.request, buffer)
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, worker))
  } finally {
    await file.close()
  }
}

export async function putOnce(request: SignedRequest, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase())),
  )
  const response = await fetch(request.url, { method: 'PUT', headers, body })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`the store answered ${response.status}`)
}
