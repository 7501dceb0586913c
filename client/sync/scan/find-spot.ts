import { isLocalId, type Item, type ItemId, type LocalState } from '../../../core/reconcile/item.ts'
import type { DiskEntry, LocalPath } from '../ports.ts'
import { hashFile } from './observe.ts'
import { scanFault } from './scan-faults.ts'
import { isMissed, type KnownItem, type Met, type MetSpot, type ScanRun } from './scan-run.ts'

/** Of one inode: a file with more names than this is only compared with some of them. */
const OWNERS_MAX = 16

/** What is known of the inode and the name of a file or link that is not simply what was there. */
export async function findSpot(run: ScanRun, { entry, parent, path }: Met, holder: KnownItem | null): Promise<MetSpot> {
  const owners: { id: ItemId; isAcknowledged: boolean }[] = []
  for (const id of run.store.localByIno(entry.stamp.ino)) {
    if (owners.length === OWNERS_MAX) break
    const item = run.store.item(id)
    if (!item?.local || id === holder?.id || item.local.kind !== entry.kind) continue
    if (await mayBe(run, { ...item, local: item.local }, entry, path))
      owners.push({ id, isAcknowledged: item.synced !== null })
  }
  owners.push(...missedAt(run, entry))
  return {
    found: entry,
    parent,
    path,
    holder: holder?.id ?? null,
    isSameKind: holder?.state.kind === entry.kind,
    owners,
    home: holder === null && entry.kind === 'file' ? findHome(run, parent, entry.name) : null,
  }
}

/**
 * What an earlier look took for gone, and the server still has: it was moved to where nobody had looked yet. Size and time are asked of what was agreed on, since a
 * process that ended has forgotten what it saw last.
 */
function missedAt({ store }: ScanRun, { kind, stamp }: DiskEntry): { id: ItemId; isAcknowledged: boolean }[] {
  if (kind !== 'file') return []
  const missed: { id: ItemId; isAcknowledged: boolean }[] = []
  for (const id of store.syncedByIno(stamp.ino)) {
    const item = store.item(id)
    if (item === null || !isMissed(item) || missed.length === OWNERS_MAX) continue
    const { content, stamp: before } = item.synced!
    const isSame = before.size === stamp.size && before.mtimeNs === stamp.mtimeNs
    if (content.kind === 'file' && isSame) missed.push({ id, isAcknowledged: true })
  }
  return missed
}

/** A reused inode is not a move: the bytes must agree, by size and time or, when the time was touched, by hash (MV-20, MV-14). */
async function mayBe(
  run: ScanRun,
  item: Item & { local: LocalState },
  entry: DiskEntry,
  path: LocalPath,
): Promise<boolean> {
  const { stamp, content } = item.local
  try {
    if (entry.kind === 'symlink')
      return content?.kind === 'symlink' && (await run.disk.readLink(path)) === content.target
    if (stamp.size !== entry.stamp.size) return false
    if (stamp.mtimeNs === entry.stamp.mtimeNs) return true
    const before = run.pathNow(item.id)
    const isStillThere = before !== null && (await run.disk.stat(before))?.stamp.ino === stamp.ino
    if (isStillThere || content?.kind !== 'file') return false
    return (await hashFile(run.disk, path)).sha256 === content.sha256
  } catch (error) {
    if (scanFault(error).is === 'fatal') throw error
    return false
  }
}

/** The item that both sides had at this place and that was found elsewhere since: the server still has it here. */
function findHome({ store }: ScanRun, parent: ItemId, name: string): ItemId | null {
  if (isLocalId(parent)) return null
  const id = store.childNamed('remote', parent, name)
  const item = id === null ? null : store.item(id)
  if (!item?.local || item.local.kind !== 'file' || !item.synced) return null
  const { synced, local } = item
  const wasHere = synced.place.parent === parent && synced.localName === name
  return wasHere && (local.place.parent !== parent || local.place.name !== name) ? item.id : null
}
