import { isSameStamp, type Item } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import { serverProof } from './guard.ts'
import { folderOf, localPath } from './local-path.ts'
import { DAMAGED_HERE } from './scan/scan-faults.ts'
import { isOfPort } from './trouble.ts'

/** Of what is blocked. */
const LOOKED_AT = 100_000

/** Damaged here, and the server has the bytes that were written. */
export const isRepairable = (item: Item): boolean =>
  item.blocked?.detail === DAMAGED_HERE.detail &&
  item.remote !== null &&
  serverProof(item, item.local?.content ?? null).held === 'server'

/**
 * Files that a failing disk has damaged make room for what the server has: into the safety trash, and out of the trees, so that the next plan fetches them (DK-12).
 * @returns how many
 * @throws RootLost
 */
export async function makeRoomForRepair(course: Course): Promise<number> {
  const { store, lock } = course
  const damaged = store.blocked(LOOKED_AT).filter(isRepairable)
  if (damaged.length === 0) return 0
  await course.requireRoot()
  return lock.alone(async () => {
    let count = 0
    for (const item of damaged) if (await setAside(course, item)) count++
    return count
  })
}

async function setAside({ store, disk, again }: Course, { id }: Item): Promise<boolean> {
  const item = store.item(id)
  const path = localPath(store, id)
  if (!item?.local || path === null || !isRepairable(item)) return false
  try {
    const entry = await disk.stat(path)
    if (entry === null || !isSameStamp(entry.stamp, item.local.stamp)) return false
    await disk.discard(path, entry.stamp)
  } catch (error) {
    if (!isOfPort(error)) throw error
    return false
  }
  store.write((to) => {
    to.setLocal(id, null)
    to.setSynced(id, null)
    to.setPending(id, null)
    to.setBlocked(id, null)
  })
  again.touched(folderOf(path))
  return true
}
