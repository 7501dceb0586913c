import { AppError, invariant } from '../../core/errors.ts'
import type { ByteSlice, ObjectPage, ObjectStore, PutTarget, ReadableByteStream } from '../../core/object-store.ts'
import { MemoryMultipart } from './memory-multipart.ts'
import type { SignedPart } from './memory-multipart.ts'
import type { MemoryRequest } from './memory-signing.ts'
import { MemorySigner, rangeOf, sha256Of, sliceOf } from './memory-signing.ts'

const SIGNED_PUT_TTL_MS = 5 * 60_000
const MAX_KEYS = 1000
const ORIGIN = 'https://memory.invalid'

export type MemoryAnswer = { status: number; headers: Record<string, string>; body: Uint8Array }

export type MemoryObjectStore = ObjectStore & {
  /** Does what a client does with a signed request: the whole of the store's side, refusals included. */
  send(request: MemoryRequest, body: Uint8Array): Promise<MemoryAnswer>
  /** Puts bytes down as they are, unchecked: to stage a store gone bad. */
  place(key: string, bytes: Uint8Array): void
}

export type MemoryStoreOptions = {
  now: () => number
  /** Called before each operation of the port; throwing makes it fail. */
  before?: (operation: string) => void | Promise<void>
}

/** The object store in memory, for tests: same refusals as S3, one process, nothing kept. */
export function memoryObjectStore({ now, before }: MemoryStoreOptions): MemoryObjectStore {
  const objects = new Map<string, { bytes: Uint8Array; lastModifiedMs: number }>()
  const signer = new MemorySigner('memory')
  const multipart = new MemoryMultipart()
  const place = (key: string, bytes: Uint8Array) => void objects.set(key, { bytes, lastModifiedMs: now() })
  const enter = async (operation: string) => before?.(operation)

  const store: ObjectStore = {
    enforces: { sha256: true, noOverwrite: true },
    signPut: async (target, at) =>
      signer.sign('PUT', urlOf(target.key), { ...putHeaders(target), 'if-none-match': '*' }, at + SIGNED_PUT_TTL_MS),
    signGet: async (key, { now: at, ttlMs, slice }) =>
      signer.sign('GET', urlOf(key), slice === undefined ? {} : { range: rangeOf(slice) }, at + ttlMs),
    get: async (key, slice) => {
      await enter('get')
      const object = objects.get(key)
      return object === undefined ? null : streamOf(cut(object.bytes, slice))
    },
    list: async (prefix, after) => {
      await enter('list')
      return listed(objects, prefix, after)
    },
    deleteMany: async (keys) => {
      await enter('deleteMany')
      invariant(keys.length <= MAX_KEYS, 'at most 1,000 keys are deleted at once')
      for (const key of keys) objects.delete(key)
      return []
    },
    multipart: multipart.port(async (part, at) => signPart(signer, part, at), place),
  }

  async function send(request: MemoryRequest, body: Uint8Array): Promise<MemoryAnswer> {
    if (!signer.holds(request, now())) return answer(403)
    const url = new URL(request.url)
    const key = decodeURIComponent(url.pathname.slice(1))
    if (request.method === 'GET') {
      const object = objects.get(key)
      if (object === undefined) return answer(404)
      const slice = sliceOf(request.headers['range'])
      return { ...answer(slice === undefined ? 200 : 206), body: cut(object.bytes, slice) }
    }
    if (sha256Of(body) !== request.headers['x-amz-content-sha256']) return answer(400)
    if (body.length !== Number(request.headers['content-length'])) return answer(400)
    return url.searchParams.has('multipartId') ? putPart(url, key, body) : putObject(key, body)
  }

  function putPart(url: URL, key: string, body: Uint8Array): MemoryAnswer {
    const multipartId = url.searchParams.get('multipartId') ?? ''
    const etag = multipart.put(key, multipartId, Number(url.searchParams.get('partNumber')), body)
    return etag === null ? answer(404) : { ...answer(200), headers: { etag } }
  }

  function putObject(key: string, body: Uint8Array): MemoryAnswer {
    if (objects.has(key)) return answer(412)
    place(key, Uint8Array.from(body))
    return answer(200)
  }

  return { ...store, send, place }
}

const answer = (status: number): MemoryAnswer => ({ status, headers: {}, body: new Uint8Array() })

const urlOf = (key: string): URL => new URL(`${ORIGIN}/${encodeURIComponent(key)}`)

const putHeaders = ({ sha256, sizeBytes }: PutTarget): Record<string, string> => ({
  'content-length': String(sizeBytes),
  'content-type': 'application/octet-stream',
  'x-amz-content-sha256': sha256,
})

function signPart(signer: MemorySigner, part: SignedPart, now: number) {
  const url = urlOf(part.key)
  url.searchParams.set('multipartId', part.multipartId)
  url.searchParams.set('partNumber', String(part.partNumber))
  return signer.sign('PUT', url, putHeaders(part), now + SIGNED_PUT_TTL_MS)
}

function listed(
  objects: Map<string, { bytes: Uint8Array; lastModifiedMs: number }>,
  prefix: string,
  after = '',
): ObjectPage {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).toSorted()
  const page = keys.slice(0, MAX_KEYS).map((key) => {
    const { bytes, lastModifiedMs } = objects.get(key)!
    return { key, sizeBytes: bytes.length, lastModifiedMs }
  })
  return { objects: page, next: keys.length > MAX_KEYS ? (page.at(-1)?.key ?? null) : null }
}

function cut(bytes: Uint8Array, slice?: ByteSlice): Uint8Array {
  if (slice === undefined) return bytes
  const end = slice.offset + slice.length
  if (slice.length <= 0 || end > bytes.length) throw new AppError('range-not-satisfiable')
  return bytes.subarray(slice.offset, end)
}

/** A real ReadableStream, as every other store answers: a gateway hands it on as it is. */
function streamOf(bytes: Uint8Array): ReadableByteStream {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
  return stream as unknown as ReadableByteStream
}
