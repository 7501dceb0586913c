import { z } from 'zod'
import type { Item, ItemContent, Placement } from '../../../../core/reconcile/item.ts'
import type { Plan, Step } from '../../../../core/reconcile/step.ts'
import { joined, shownPath } from '../../../sync/local-path.ts'
import type { SyncStore } from '../../../sync/ports.ts'

const plannedStep = z.object({
  do: z.string(),
  path: z.string(),
  /** Where it goes, of what moves. */
  to: z.string().nullable(),
  /** Of what is sent or fetched. */
  bytes: z.number().nullable(),
  /** Why it would be blocked; or what else there is to know. */
  detail: z.string().nullable(),
})

/** What would be done to files and folders, as a person reads it. What is only noted is left out. */
export const planReplySchema = z.object({
  steps: z.array(plannedStep),
  brake: z.object({ mass: z.enum(['local', 'remote', 'older']), items: z.number(), of: z.number() }).nullable(),
  /** There is more than is listed. */
  more: z.boolean(),
})
export type PlannedStep = z.infer<typeof plannedStep>
export type PlanReply = z.infer<typeof planReplySchema>

export function describePlan(store: SyncStore, { steps, brake, more }: Plan): PlanReply {
  return { steps: steps.flatMap((step) => describeStep(store, step) ?? []), brake, more }
}

function describeStep(store: SyncStore, step: Step): PlannedStep | null {
  const here = 'item' in step ? shownPath(store, step.item) : ''
  const plain: PlannedStep = { do: step.do, path: here, to: null, bytes: null, detail: null }
  switch (step.do) {
    case 'adopt':
    case 'pair':
    case 'forget':
    case 'unblock':
    case 'park-local':
      return null
    case 'block':
      return { ...plain, detail: `${step.reason}: ${step.detail}` }
    case 'upload-new':
      return { ...plain, bytes: sizeOf(step.content) }
    case 'upload-version':
      return {
        ...plain,
        bytes: sizeOf(step.content),
        detail: isEditedThere(store.item(step.item)) ? BOTH_EDITED : null,
      }
    case 'download':
      return { ...plain, path: pathOf(store, step.to), bytes: sizeOf(store.item(step.item)?.remote?.content) }
    case 'make-local-folder':
      return { ...plain, path: pathOf(store, step.to) }
    case 'move-local':
    case 'move-remote':
      return { ...plain, to: pathOf(store, step.to) }
    default:
      return plain
  }
}

const BOTH_EDITED = 'it was changed there too: both are kept'
const isEditedThere = (item: Item | null): boolean =>
  item?.remote != null && item.synced !== null && item.remote.contentRevision !== item.synced.contentRevision

const pathOf = (store: SyncStore, { parent, name }: Placement): string => joined(shownPath(store, parent), name)
const sizeOf = (content: ItemContent | undefined): number | null => (content?.kind === 'file' ? content.size : null)
