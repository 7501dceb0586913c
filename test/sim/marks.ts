import { localChange, localPlacement, remoteChange, remotePlacement } from '../../core/reconcile/changes.ts'
import type { Mutation, Outcome } from '../../core/namespace/model.ts'
import type { Item, ItemId } from '../../core/reconcile/item.ts'

/** What happened in a world, in words that are the same for every seed: what the simulation has tried is what has a mark (I27). */

export type Kind = 'file' | 'folder' | 'symlink'

export const cellMark = (kind: Kind, here: string, there: string): string =>
  `content of a ${kind}: ${here} here, ${there} there`

export const placeMark = (kind: Kind, here: string, there: string): string =>
  `place of a ${kind}: ${here} here, ${there} there`

/** Of a step that begins: what had happened to its item on either side. */
export function cellsOf(item: Item): string[] {
  const kind = (item.local ?? item.synced ?? item.remote) && kindOf(item)
  if (!kind) return []
  const here = (id: Item['id']): Item['id'] => id
  const content = cellMark(kind, localChange(item), remoteChange(item))
  if (!item.remote || !item.local || !item.synced) return [content]
  return [content, placeMark(kind, localPlacement(item, here), remotePlacement(item, here))]
}

function kindOf({ local, remote, synced }: Item): Kind {
  return local?.kind ?? remote?.content.kind ?? synced!.content.kind
}

/**
 * Of what a device sent and that met what somebody else had done. `raced`: as far as the device knew, nobody had; `known`: it had been told, and sent it all the same.
 * @param items as the device has them
 */
export function answerMark(mutation: Mutation, outcome: Outcome, items: ReadonlyMap<ItemId, Item>): string | null {
  const said = saidBy(outcome)
  if (said === null) return null
  const item = items.get(nodeOf(mutation) as ItemId)
  const isKnown = item !== undefined && (remoteChange(item) === 'edited' || remoteChange(item) === 'gone')
  return `${mutation.kind} is answered with ${said}${item ? (isKnown ? ', as known' : ', in a race') : ', new'}`
}

function nodeOf(mutation: Mutation): string | null {
  if ('node' in mutation) return mutation.node
  return mutation.kind === 'write-file' && 'node' in mutation.target ? mutation.target.node : null
}

function saidBy(outcome: Outcome): string | null {
  if (outcome.outcome === 'rejected') return outcome.code
  if (outcome.outcome === 'conflict') return 'conflict'
  return outcome.notice ?? null
}
