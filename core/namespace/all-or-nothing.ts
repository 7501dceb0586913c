import type { Mutation } from './model.ts'
import type { View } from './view.ts'

/** Lists of the effects that only grow. */
const LISTS = [
  'purged',
  'contents',
  'chunks',
  'reused',
  'contentChunks',
  'versions',
  'labels',
  'conflicts',
  'resolutions',
  'journal',
  'answers',
  'outbox',
] as const

/**
 * Runs the decision of one mutation. When it throws, the view is what it was before: a mutation may be refused half way, for
 * example when the fiftieth name is taken too, and leaves nothing behind.
 */
export function allOrNothing<T>(view: View, mutation: Mutation, decide: () => T): T {
  const { effects, undo } = view
  const seq = effects.seq
  const lengths = LISTS.map((list) => effects[list].length)
  undo.length = 0
  try {
    return decide()
  } catch (error) {
    for (const takeBack of undo.toReversed()) takeBack()
    takeBackUpload(view, mutation, lengths[LISTS.indexOf('contents')]!)
    for (const [at, list] of LISTS.entries()) effects[list].length = lengths[at]!
    effects.seq = seq
    throw error
  }
}

function takeBackUpload({ effects }: View, mutation: Mutation, contentsBefore: number): void {
  if (mutation.kind !== 'write-file' || mutation.uploadId === null) return
  if (effects.contents.length === contentsBefore) return
  const files = (effects.uploads.get(mutation.uploadId) ?? 0) - 1
  if (files > 0) effects.uploads.set(mutation.uploadId, files)
  else effects.uploads.delete(mutation.uploadId)
}
