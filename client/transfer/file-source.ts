/** What tells one state of a file from another. */
export type FileIdentity = { sizeBytes: number; mtimeNs: string; ctimeNs: string; ino: string }

export interface OpenedFile {
  identify(): Promise<FileIdentity>
  /**
   * The bytes from the start, in pieces; each piece belongs to the reader until it asks for the next.
   * @param sizeBytes what the file is thought to hold; it goes on to where the file ends
   */
  read(sizeBytes: number): AsyncIterable<Uint8Array>
  /** As `read`, of the bytes `[from, to)`; fewer when it ends before. */
  readRange(from: number, to: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** How the transfer engine reads files. Throws system errors with a `code` such as ENOENT or EACCES. */
export interface FileSource {
  open(path: string): Promise<OpenedFile>
}
