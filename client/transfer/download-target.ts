/** Where a file is put. Filled by `nodeFileTarget(path)` of client/node/file-target.ts. */
export interface DownloadTarget {
  /** Opens a temporary place beside the target; `resumableBytes` of an earlier try may be there already. */
  begin(content: DownloadedContent): Promise<PendingFile>
}

export type DownloadedContent = {
  sha256: string
  sizeBytes: number
  /** Decimal nanoseconds since 1970. */
  mtimeNs: string | null
  executable: boolean
}

export interface PendingFile {
  /** Bytes that an earlier, interrupted download left: a prefix, to be hashed again through `readPrefix`. */
  readonly resumableBytes: number
  readPrefix(lengthBytes: number): AsyncIterable<Uint8Array>
  /** Everything after `lengthBytes` is dropped; writing goes on there. */
  startAt(lengthBytes: number): Promise<void>
  write(bytes: Uint8Array): Promise<void>
  /** Makes it durable and moves it over the target; time and executable bit restored. */
  finish(): Promise<void>
  /** Gives up; `keep`: what was written stays for the next try. */
  abandon(keep: boolean): Promise<void>
}
