import type { AppError } from '../../core/errors.ts'
import type { ChunkedContent } from '../content/describe-content.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

/** A file to upload, as the plan found it. */
export type UploadItem = {
  /** On disk. */
  path: string
  sizeBytes: number
  /** Decimal nanoseconds since 1970. */
  mtimeNs: string
  executable: boolean
  target: { parent: string; name: string } | { node: string }
  /** Of whoever must know it before it is sent; else each request has one of its own. */
  mutationId?: string
  /** The content revision that this write is based on; 0 = there was no such file. */
  base: number
  /** The bytes that are meant: others are not sent, the file is then `busy`. */
  sha256?: string
  /** What these bytes are made of, stored as they are. Of a file for which it is known, only what the server lacks is read. */
  chunks?: ChunkedContent
  /** What the target holds now: what is equal to it is not uploaded again (`unchanged`), whatever its time. */
  present?: { nodeId: string; sizeBytes: number; sha256: string; executable: boolean }
}

/** A symbolic link to store as one, as the plan found it. */
export type LinkItem = {
  /** On disk. */
  path: string
  target: string
  mtimeNs: string
  place: { parent: string; name: string }
  /** The content revision that this write is based on; 0 = there was no such link. */
  base: number
  /** A link of that name is there already; `isSame`: it points to the same. */
  present?: { nodeId: string; isSame: boolean }
}

export type FileOutcome =
  /** `chunks`: of a file that was sent by itself. */
  | { is: 'applied'; node: NodeStateWire; chunks?: ChunkedContent }
  /** The target already holds these bytes. */
  | { is: 'unchanged'; nodeId: string }
  /** Somebody else changed the target: both are kept, `node` is the copy with these bytes. */
  | { is: 'conflict'; node: NodeStateWire; originalId: string }
  /** The server said no to this file; `code` and `detail` say why. */
  | { is: 'rejected'; code: string; detail?: string }
  /** The file kept changing while it was read. */
  | { is: 'busy' }
  /** Could not be read, or the transfer failed for good. `AppError`, `ConnectionError` or a system error with `code`. */
  | { is: 'failed'; error: Error | AppError }

/** Running totals. `bytesDone` reaches `bytesPlanned` when all files are settled. */
export type UploadTotals = {
  filesPlanned: number
  filesDone: number
  /** Plaintext bytes. */
  bytesPlanned: number
  /** Plaintext bytes that are settled: sent, inline, already held, or given up. */
  bytesDone: number
  /** What went over the wire as content: stored bytes of PUTs and inline bytes. */
  bytesSent: number
  /** Plaintext bytes that the server held already. */
  bytesDeduplicated: number
  /** Plaintext bytes saved by compression in what was sent. */
  bytesCompressedAway: number
  objectsSent: number
  /** PUTs skipped since an earlier run had sent them. */
  objectsResumed: number
  /** True when the plan has ended, so that the planned figures are final. */
  planComplete: boolean
  /** On disk; one of the files in work. */
  current: string | null
}

export type UploadEvent =
  | { kind: 'file'; item: UploadItem; outcome: FileOutcome }
  /** Given often; only the newest matters. */
  | { kind: 'progress'; totals: UploadTotals }

/** What the plan could not take. `symlink`: its target cannot be kept, or nobody asked for links. */
export type SkipReason =
  | 'symlink'
  | 'special-file'
  | 'unreadable'
  | 'name-refused'
  | 'name-taken'
  | 'too-deep'
  | 'vanished'
export type Skipped = { path: string; reason: SkipReason; detail?: string }
