import type { Content } from '../../core/content.ts'
import type { FileInit, MutationResult } from '../../protocol/files.ts'
import type { UploadItem } from './events.ts'
import type { FileIdentity } from './file-source.ts'
import { neverSettled } from './prepare-file.ts'
import type { Tally } from './totals.ts'
import { outcomeOf, wantsFreshStart, type UploadRun } from './upload-run.ts'

/** One large file on its way. */
export type StreamWork = { run: UploadRun; item: UploadItem; tally: Tally }

/** What an init says of a file whatever its bytes are. */
export function initFields({ target, base, executable, mutationId }: UploadItem) {
  const named = mutationId === undefined ? {} : { mutationId }
  return { ...named, target: target as FileInit['target'], base, executable }
}

/** The plan may have looked at the file long ago. */
export async function identifyNow(run: UploadRun, item: UploadItem): Promise<FileIdentity> {
  const file = await run.files.open(item.path)
  try {
    return await file.identify()
  } finally {
    await file.close()
  }
}

/** @returns `false` when chunks went away meanwhile, and a fresh start may help */
export function settleCommitted(
  { run, item }: StreamWork,
  result: MutationResult | undefined,
  content: Content,
): boolean {
  if (result === undefined) throw neverSettled()
  const outcome = outcomeOf(result)
  if (outcome.is === 'rejected' && wantsFreshStart(outcome.code)) return false
  const isListed = outcome.is === 'applied' && content.held === 'chunks'
  run.settle(item, isListed ? { ...outcome, chunks: content } : outcome)
  return true
}
