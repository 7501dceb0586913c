import type { Sha256 } from './ids.ts'

/**
 * The object store as we need it: immutable objects under keys that we choose, bytes moved by clients with
 * signed requests. Filled by `storage/s3` (R2 and any S3) and `storage/memory`; one suite, test/contract, holds both.
 */

/** A request that anyone holding it may send until `expiresAt`: a secret. Send every header exactly as given. */
export type SignedRequest = {
  method: 'PUT' | 'GET'
  url: string
  headers: Record<string, string>
  /** Unix milliseconds. */
  expiresAt: number
}

export type PutTarget = { key: string; sha256: Sha256; sizeBytes: number }

export type ListedObject = { key: string; sizeBytes: number; lastModifiedMs: number }
export type ObjectPage = { objects: ListedObject[]; next: string | null }

/** Bytes `[offset, offset + length)` of an object. */
export type ByteSlice = { offset: number; length: number }

/** How a download presents itself to a browser; signed into the URL, so a holder cannot change it. */
export type GetPresentation = { fileName: string; contentType: string }

export interface ObjectStore {
  /** What the store itself enforces of a signed PUT; where it is `false`, the commit re-reads the object. */
  readonly enforces: { sha256: boolean; noOverwrite: boolean }

  /** A PUT of exactly these bytes to exactly this key, once: the store refuses other bytes, other lengths and overwrites. */
  signPut(target: PutTarget, now: number): Promise<SignedRequest>

  /** A GET by query-signed URL, whole or one slice (the slice is a `range` header to be sent along). At most `ttlMs`. */
  signGet(
    key: string,
    options: { now: number; ttlMs: number; slice?: ByteSlice; presentation?: GetPresentation },
  ): Promise<SignedRequest>

  /** A stream of the object or of one slice; `null` when there is no such object. Throws `store-unavailable`. */
  get(key: string, slice?: ByteSlice): Promise<ReadableByteStream | null>

  /** Objects whose key starts with `prefix`, in key order, at most 1,000 a page. `after` = `next` of the page before. */
  list(prefix: string, after?: string): Promise<ObjectPage>

  /** Deletes up to 1,000 keys; a key that does not exist is no error. Answers the keys that could not be deleted. */
  deleteMany(keys: string[]): Promise<string[]>

  readonly multipart: MultipartStore
}

/** Multipart uploads (S3): each part is signed like a PUT; every part but the last holds at least 5 MiB. */
export interface MultipartStore {
  begin(key: string): Promise<{ multipartId: string }>
  signPart(part: PutTarget & { multipartId: string; partNumber: number }, now: number): Promise<SignedRequest>
  /** Parts that arrived, by number. */
  listParts(key: string, multipartId: string): Promise<{ partNumber: number; sizeBytes: number; etag: string }[]>
  /** Joins the parts; repeating it after success is no error. */
  complete(key: string, multipartId: string, parts: { partNumber: number; etag: string }[]): Promise<void>
  abort(key: string, multipartId: string): Promise<void>
}

/** The part of the WHATWG ReadableStream<Uint8Array> that core may know of, since it compiles without platform types. */
export type ReadableByteStream = AsyncIterable<Uint8Array>
