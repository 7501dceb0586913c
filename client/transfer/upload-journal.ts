/** Placeholder of the port; see client/node/upload-journal.ts. */
export interface UploadJournal {
  close(): void
}
