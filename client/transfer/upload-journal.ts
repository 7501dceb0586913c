/**
 * Remembers which uploads are open, so that an interrupted one is taken up where it stopped. It holds observations only (ids and
 * hashes, no names): losing it costs sending some bytes again, never a wrong result.
 */
export type JournaledFile = {
  /** See `fileKey`. */
  fileKey: string
  /** Which file of the init. */
  index: number
  /** Of the plaintext; `null` while it is not known (streamed). */
  sha256: string | null
}
export type JournaledObject = {
  sha256: string
  /** The chunks that it holds: itself, or those of a pack. */
  chunks: readonly string[]
}
export type JournaledUpload = { files: JournaledFile[]; objects: JournaledObject[] }

export interface UploadJournal {
  /** The open upload that this file is part of. */
  find(fileKey: string): string | null
  load(uploadId: string): JournaledUpload
  /** @param expiresAt Unix milliseconds; afterwards the row may be pruned */
  begin(upload: { uploadId: string; expiresAt: number; files: JournaledFile[] }): void
  /** Before the PUT, so that what arrived is always known here. */
  addObjects(uploadId: string, objects: readonly JournaledObject[]): void
  /** Committed, given up, or expired. */
  end(uploadId: string): void
  close(): void
}

/** Remembers nothing: every upload starts anew. */
export const noUploadJournal: UploadJournal = {
  find: () => null,
  load: () => ({ files: [], objects: [] }),
  begin: () => {},
  addObjects: () => {},
  end: () => {},
  close: () => {},
}
