import type { NodeStateWire } from '../../protocol/files.ts'
import type { Api } from '../api.ts'

export type DownloadProgress = { bytesPlanned: number; bytesDone: number; bytesReceived: number; bytesResumed: number }

export type DownloadOptions = {
  revision?: number
  signal?: AbortSignal
  onProgress?: (progress: DownloadProgress) => void
  /** GETs at once; default 6. */
  concurrency?: number
  /** Downloaded bytes held at once; default 48 MiB. */
  memoryBytes?: number
}

/** Where a file is put. Filled by `nodeFileTarget(path)` of client/node/file-target.ts. */
export interface DownloadTarget {
  /** Opens a temporary place beside the target; `verified` bytes of an earlier try may be there already. */
  begin(content: {
    sha256: string
    sizeBytes: number
    mtimeNs: string | null
    executable: boolean
  }): Promise<PendingFile>
}
export interface PendingFile {
  /** Bytes that an earlier, interrupted download left: a prefix, to be re-hashed through `readPrefix`. */
  readonly resumableBytes: number
  readPrefix(lengthBytes: number): AsyncIterable<Uint8Array>
  /** Everything after `lengthBytes` is dropped; writing goes on there. */
  startAt(lengthBytes: number): Promise<void>
  write(bytes: Uint8Array): Promise<void>
  /** Makes it durable and moves it over the target; times and the executable bit restored. */
  finish(): Promise<void>
  /** Gives up; `keep`: the verified prefix stays for the next try. */
  abandon(keep: boolean): Promise<void>
}

/**
 * Downloads one file. Every chunk and the whole file are verified; the old file stays until then.
 * @throws AppError `content-mismatch` (named chunk), `not-found`, `not-a-file`; ConnectionError
 */
export async function downloadFile(
  _api: Api,
  _nodeId: string,
  _options: DownloadOptions & { target: DownloadTarget },
): Promise<NodeStateWire> {
  throw new Error('being written')
}

/** The verified plaintext in order, as it arrives; no faster than it is consumed. */
export async function* openContent(
  _api: Api,
  _nodeId: string,
  _options: DownloadOptions = {},
): AsyncIterable<Uint8Array> {
  throw new Error('being written')
}
