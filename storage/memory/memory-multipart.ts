import { Buffer } from 'node:buffer'
import { AppError } from '../../core/errors.ts'
import type { MultipartStore, PutTarget, SignedRequest } from '../../core/object-store.ts'
import { sha256Of } from './memory-signing.ts'

const MIN_PART_BYTES = 5 * 1024 * 1024

type Upload = { key: string; parts: Map<number, Uint8Array>; etags: Map<number, string>; isJoined: boolean }

/** The multipart half of the memory store: same refusals as S3, parts kept apart until they are joined. */
export class MemoryMultipart {
  readonly #uploads = new Map<string, Upload>()
  #lastId = 0

  /** @param join puts a finished object under its key */
  port(
    sign: (part: SignedPart, now: number) => Promise<SignedRequest>,
    join: (key: string, bytes: Uint8Array) => void,
  ) {
    const port: MultipartStore = {
      begin: async (key) => {
        const multipartId = `multipart-${++this.#lastId}`
        this.#uploads.set(multipartId, { key, parts: new Map(), etags: new Map(), isJoined: false })
        return { multipartId }
      },
      signPart: sign,
      listParts: async (key, multipartId) => this.#list(key, multipartId),
      complete: async (key, multipartId, parts) => {
        const bytes = this.#joined(key, multipartId, parts)
        if (bytes !== null) join(key, bytes)
      },
      abort: async (key, multipartId) => {
        if (this.#uploads.get(multipartId)?.key === key) this.#uploads.delete(multipartId)
      },
    }
    return port
  }

  /** Stores a part whose request was found good; answers its etag, or `null` when there is no such upload. */
  put(key: string, multipartId: string, partNumber: number, bytes: Uint8Array): string | null {
    const upload = this.#open(key, multipartId)
    if (upload === undefined) return null
    const etag = `"${sha256Of(bytes).slice(0, 32)}"`
    upload.parts.set(partNumber, bytes)
    upload.etags.set(partNumber, etag)
    return etag
  }

  #open(key: string, multipartId: string): Upload | undefined {
    const upload = this.#uploads.get(multipartId)
    return upload?.key === key && !upload.isJoined ? upload : undefined
  }

  #list(key: string, multipartId: string) {
    const upload = this.#open(key, multipartId)
    if (upload === undefined) throw new AppError('upload-expired')
    return [...upload.parts.entries()]
      .toSorted(([a], [b]) => a - b)
      .map(([partNumber, bytes]) => ({
        partNumber,
        sizeBytes: bytes.length,
        etag: upload.etags.get(partNumber) ?? '',
      }))
  }

  /** `null`: joined before. */
  #joined(key: string, multipartId: string, parts: { partNumber: number; etag: string }[]): Uint8Array | null {
    const upload = this.#uploads.get(multipartId)
    if (upload === undefined || upload.key !== key) throw new AppError('upload-expired')
    if (upload.isJoined) return null
    const pieces = parts
      .toSorted((a, b) => a.partNumber - b.partNumber)
      .map(({ partNumber, etag }) => {
        const bytes = upload.parts.get(partNumber)
        if (bytes === undefined || upload.etags.get(partNumber) !== etag) throw new AppError('upload-incomplete')
        return bytes
      })
    if (pieces.slice(0, -1).some((piece) => piece.length < MIN_PART_BYTES)) throw new AppError('content-mismatch')
    upload.isJoined = true
    upload.parts.clear()
    return Buffer.concat(pieces)
  }
}

export type SignedPart = PutTarget & { multipartId: string; partNumber: number }
