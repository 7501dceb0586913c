import type { NodeId } from '../../../../core/ids.ts'
import { AppError } from '../../../../core/errors.ts'
import { distrustRecent } from '../../../sync/distrust-recent.ts'
import { linkFolder } from '../links/link-folder.ts'
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
  const { store, wasStoppedCleanly } = openSyncStore({ path: folder.database, root: link.node as NodeId })
  try {
    // That it was ended without warning is asked for once: now.
    if (!wasStoppedCleanly) distrustRecent(store)
    if (store.meta('rootMarker') === null) store.write((to) => to.setMeta('rootMarker', link.id))
    const root = await openLinkRoot(link)
    if ('is' in root) throw new AppError('not-found', { detail: `${link.root}: ${WHY[root.is]}` })
    try {
      return await lookWith({ ...parts, folder: folder.path, tally: folder.tally }, { root, store, maxSteps })
    } finally {
      root.close()
    }
  } finally {
    store.close()
  }
}

const WHY = {
  'root-missing': 'the folder, or its mark, is not there',
  'root-other': 'the folder carries the mark of another link',
  'root-busy': 'another program works on the folder',
  'root-unreadable': 'the folder cannot be read',
} as const

type Looking = { root: LinkRoot; store: ReturnType<typeof openSyncStore>['store']; maxSteps: number }

async function lookWith(
  parts: LookParts & { folder: string; tally: string },
  { root, store, maxSteps }: Looking,
): Promise<PlanReply> {
  const life = createLinkLife({
    ...parts,
    root,
    store,
    session: await parts.signIn.open(),
    wasStoppedCleanly: true,
    canWrite: readTally(parts.tally)?.canWrite ?? true,
    tell: () => {},
    onAccess: () => {},
  })
  try {
    await life.askAccess()
    return describePlan(store, await life.engine.look(maxSteps))
  } finally {
    life.close()
  }
}
