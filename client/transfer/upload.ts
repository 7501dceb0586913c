import type { Api } from '../api.ts'
import type { UploadEvent, UploadItem } from './events.ts'
import type { FileSource } from './file-source.ts'
import type { UploadJournal } from './upload-journal.ts'

export type UploadOptions = {
  /** Reads files: `nodeFileSource` of client/node/file-source.ts. */
  files: FileSource
  /** Remembers open uploads, so that an interrupted one can be taken up. Without it, nothing is resumed. */
  journal?: UploadJournal
  /** PUTs at once; default 8. */
  concurrency?: number
  /** Bytes of file content held at once; default 64 MiB. */
  memoryBytes?: number
}

/**
 * Uploads all files of the plan. One file's failure never stops the others; only an abort, a lost session or an unreachable
 * server ends the iteration, by throwing. Leaving the loop early stops the work.
 */
export async function* uploadTree(
  _api: Api,
  _plan: AsyncIterable<UploadItem>,
  _options: UploadOptions,
): AsyncIterable<UploadEvent> {
  throw new Error('being written')
}
