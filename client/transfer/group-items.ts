import type { UploadItem } from './events.ts'
import { fileKey } from './file-key.ts'
import type { UploadJournal } from './upload-journal.ts'

/** What is done in one go. */
export type Job =
  | { do: 'batch'; items: UploadItem[] }
  | { do: 'resume-batch'; uploadId: string; items: UploadItem[] }
  | { do: 'stream'; item: UploadItem; openUploadId: string | null }

export type GroupLimits = {
  /** Files of one batch. */
  files: number
  /** Plaintext bytes of one batch. */
  bytes: number
  /** Files larger than this are streamed on their own. */
  batchedFileBytes: number
}

/**
 * Sorts files into jobs as they come. What an earlier run left open comes together again as the same upload; a batch whose files
 * are not all there any more is taken up at the end with those that are.
 */
export async function* groupItems(
  plan: AsyncIterable<UploadItem>,
  journal: UploadJournal,
  limits: GroupLimits,
): AsyncGenerator<Job, void, undefined> {
  let items: UploadItem[] = []
  let bytes = 0
  const resumed = createResumed(journal)
  for await (const item of plan) {
    const openUploadId = journal.find(fileKey(item))
    if (item.sizeBytes > limits.batchedFileBytes) {
      yield { do: 'stream', item, openUploadId }
      continue
    }
    if (openUploadId !== null) {
      const whole = resumed.add(openUploadId, item)
      if (whole !== null) yield { do: 'resume-batch', uploadId: openUploadId, items: whole }
      continue
    }
    if (items.length >= limits.files || bytes + item.sizeBytes > limits.bytes) {
      yield { do: 'batch', items }
      items = []
      bytes = 0
    }
    items.push(item)
    bytes += item.sizeBytes
  }
  if (items.length > 0) yield { do: 'batch', items }
  for (const [uploadId, rest] of resumed.incomplete()) yield { do: 'resume-batch', uploadId, items: rest }
}

function createResumed(journal: UploadJournal) {
  const groups = new Map<string, { expected: number; items: UploadItem[] }>()
  return {
    /** @returns all files of the upload, when this was the last of them */
    add: (uploadId: string, item: UploadItem): UploadItem[] | null => {
      const group = groups.get(uploadId) ?? { expected: journal.load(uploadId).files.length, items: [] }
      groups.set(uploadId, group)
      group.items.push(item)
      if (group.items.length < group.expected) return null
      groups.delete(uploadId)
      return group.items
    },
    incomplete: (): [string, UploadItem[]][] => [...groups].map(([uploadId, { items }]) => [uploadId, items]),
  }
}
