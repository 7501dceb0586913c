import type { NodeId } from '../../../../core/ids.ts'
import { AppError } from '../../../../core/errors.ts'
import type { SyncStore } from '../../../sync/ports.ts'
import { linkFolder, type LinkFolder } from '../links/link-folder.ts'
import { openSyncStore } from '../store/open-store.ts'
import { describePlan, type PlanReply } from './describe-plan.ts'
import type { HostParts } from './link-host.ts'
import { createLinkLife } from './link-life.ts'
import { openLinkRoot, type LinkRoot } from './link-root.ts'
import { readTally } from './tally.ts'

type LookParts = Omit<HostParts, 'process' | 'links'>

/**
 * What would be done for a link that nobody works on. Both sides are looked at, and what is seen is noted; nothing else is.
 * @throws AppError `busy`: somebody works on it; `not-found`: the folder is not there, or not that of the link; what a round throws
 */
export async function lookOnce(parts: LookParts, maxSteps: number): Promise<PlanReply> {
  const { link, state } = parts
  const folder = linkFolder(link.id, state)
  const opened = openSyncStore({ path: folder.database, root: link.node as NodeId })
  const { store, wasStoppedCleanly } = opened
  try {
    if (store.meta('rootMarker') === null) store.write((to) => to.setMeta('rootMarker', link.id))
    const root = await openLinkRoot(link)
    if ('is' in root) throw new AppError('not-found', { detail: `${link.root}: ${WHY[root.is]}` })
    const plan = await lookWith({ ...parts, folder, wasStoppedCleanly }, { root, store, maxSteps })
    store.close()
    return plan
  } catch (error) {
    if (wasStoppedCleanly) store.close()
    else opened.abandon()
    throw error
  }
}

const WHY = {
  'root-missing': 'the folder, or its mark, is not there',
  'root-other': 'the folder carries the mark of another link',
  'root-busy': 'another program works on the folder',
  'root-unreadable': 'the folder cannot be read',
} as const

type Looking = { root: LinkRoot; store: SyncStore; maxSteps: number }

async function lookWith(
  parts: LookParts & { folder: LinkFolder; wasStoppedCleanly: boolean },
  { root, store, maxSteps }: Looking,
): Promise<PlanReply> {
  try {
    const life = createLinkLife({
      ...parts,
      folder: parts.folder.path,
      root,
      store,
      session: await parts.signIn.open(),
      canWrite: readTally(parts.folder.tally)?.canWrite ?? true,
      tell: () => {},
      onAccess: () => {},
    })
    try {
      await life.askAccess()
      return describePlan(store, await life.engine.look(maxSteps))
    } finally {
      life.close()
    }
  } finally {
    root.close()
  }
}
