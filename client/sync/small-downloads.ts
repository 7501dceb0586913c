import type { Content } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { Sha256 } from '../../core/ids.ts'
import type { SignedRequest } from '../../core/object-store.ts'
import { CONTENTS_MAX_BYTES, type ContentsReply } from '../../protocol/files.ts'
import type { Api } from '../api.ts'
import { ConnectionError } from '../connection-error.ts'
import { restoreContent } from '../content/restore-content.ts'
import { getObject } from '../transfer/object-requests.ts'
import type { Clock, RemoteVersion } from './ports.ts'

/** In one question, and the bytes that it brings. */
const BATCH_FILES = 256
const BATCH_BYTES = 4 * 1024 * 1024
/** Of one object, whatever a server says: more than a batch can hold of it. */
const OBJECT_BYTES = 2 * BATCH_BYTES
/** Questions under way: while one waits for the server, another for the bucket. */
const BATCHES = 3
/** GETs of one batch at once. */
const OBJECTS = 4

/** Files that come many at a time. */
export const isSmall = ({ sizeBytes }: RemoteVersion): boolean => sizeBytes <= CONTENTS_MAX_BYTES

type Waiting = {
  version: RemoteVersion
  resolve(pieces: Uint8Array[] | null): void
  reject(error: unknown): void
}

/**
 * Fetches small versions many at a time. What is asked for while batches are under way gathers to the next:
 *
 *     one question for the chunks of all → one GET for each run of chunks in a pack → each file verified by itself
 *
 * Nothing hangs on it: whatever does not come this way is fetched by itself, which also tells what is wrong with it.
 */
export class SmallDownloads {
  readonly #api: Api
  readonly #clock: Clock
  readonly #waiting: Waiting[] = []
  #underWay = 0

  constructor(api: Api, clock: Clock) {
    this.#api = api
    this.#clock = clock
  }

  /** @returns the verified bytes; `null`: fetch it by itself. @throws AppError, ConnectionError */
  fetch(version: RemoteVersion): Promise<Uint8Array[] | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ version, resolve, reject })
      if (this.#underWay < BATCHES) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#underWay++
    // Whoever else begins in this turn comes along.
    await this.#clock.sleep(0)
    while (this.#waiting.length > 0) {
      const batch = this.#take()
      try {
        await fetchBatch(this.#api, batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#underWay--
  }

  #take(): Waiting[] {
    let [count, bytes] = [0, 0]
    for (const { version } of this.#waiting) {
      bytes += version.sizeBytes
      if (count > 0 && (bytes > BATCH_BYTES || count >= BATCH_FILES)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }
}

async function fetchBatch(api: Api, batch: readonly Waiting[]): Promise<void> {
  const reply = await api.contents(batch.map(({ version: { node, revision } }) => ({ id: node, revision })))
  const objects = await fetchObjects(api, reply)
  const given = new Map(reply.contents.map((content) => [`${content.id} ${content.revision}`, content]))
  for (const { version, resolve } of batch) {
    const content = given.get(`${version.node} ${version.revision}`)
    resolve(content === undefined ? null : await restore(content, objects))
  }
}

type Given = ContentsReply['contents'][number]
type Objects = readonly (Uint8Array | null)[]

/** @returns `null` for each that did not come whole */
async function fetchObjects(api: Api, { contents, objects }: ContentsReply): Promise<Objects> {
  const lengths = objects.map(() => 0)
  for (const { object, offset, size } of contents.flatMap(({ chunks }) => chunks))
    lengths[object] = Math.max(lengths[object] ?? 0, offset + size)
  const found: (Uint8Array | null)[] = objects.map(() => null)
  const left = objects.entries()
  const worker = async (): Promise<void> => {
    for (const [at, request] of left) found[at] = await fetchObject(api, request, lengths[at] ?? 0)
  }
  await Promise.all(Array.from({ length: Math.min(OBJECTS, objects.length) }, worker))
  return found
}

async function fetchObject({ transport }: Api, request: SignedRequest, length: number): Promise<Uint8Array | null> {
  if (length > OBJECT_BYTES) return null
  const bytes = Buffer.allocUnsafeSlow(length)
  let at = 0
  try {
    const answer = await getObject(transport, request)
    if (answer.is !== 'open') return null
    for await (const piece of answer.body) {
      if (at + piece.length > length) return null
      bytes.set(piece, at)
      at += piece.length
    }
  } catch (error) {
    // It broke off: each file goes on from where it is by itself.
    if (error instanceof ConnectionError && at > 0) return null
    throw error
  }
  return at === length ? bytes : null
}

async function restore(given: Given, objects: Objects): Promise<Uint8Array[] | null> {
  const stored = given.chunks.map(({ object, offset, size }) => objects[object]?.subarray(offset, offset + size))
  if (!stored.every((chunk) => chunk !== undefined)) return null
  try {
    const pieces: Uint8Array[] = []
    for await (const piece of restoreContent(contentOf(given), each(stored))) pieces.push(piece)
    return pieces
  } catch (error) {
    if (error instanceof AppError && error.code === 'content-mismatch') return null
    throw error
  }
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

function contentOf({ codec, size, sha256, inline, chunks }: Given): Content {
  const whole = { codec, size, sha256: sha256 as Sha256 }
  if (inline !== null) return { ...whole, held: 'inline', inline }
  const refs = chunks.map((chunk) => ({ sha256: chunk.sha256 as Sha256, size: chunk.size, plain: chunk.plain }))
  return { ...whole, held: 'chunks', chunks: refs }
}
