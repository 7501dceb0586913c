import type { UploadJournal } from '../transfer/upload-journal.ts'

/** SQLite under `$XDG_STATE_HOME/bitvault/`. @param account tells servers and users apart */
export function openUploadJournal(_options: { folder?: string; account: string; clock: () => number }): UploadJournal {
  throw new Error('being written')
}
