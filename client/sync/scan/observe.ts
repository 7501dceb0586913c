import { isSameStamp, type Item, type ItemContent, type LocalState, type Stamp } from '../../../core/reconcile/item.ts'
import type { Sha256 } from '../../../core/ids.ts'
import type { ChunkLister } from '../../content/list-chunks.ts'
import { startSha256 } from '../../content/sha256.ts'
import type { Disk, DiskEntry, LocalPath } from '../ports.ts'
import { MOUNT, NOT_UTF8, scanFault, SPECIAL_FILE, TARGET_NOT_UTF8, type ScanFault } from './scan-faults.ts'

/** What one look at an entry says of it. `blocked`: what the scan finds in the way; `null`: nothing. */
export type Observation = { state: Omit<LocalState, 'place'>; blocked: Item['blocked'] }

export type ObserveOptions = {
  /** Larger files are not read now. */
  inlineBytes: number
  /** For disks without an executable bit: the one that the item had (PM-01). */
  executableBefore: boolean
  /** The time of the file system, asked for after the entry was looked at. */
  begun: bigint
}

/**
 * Looks at what a listing showed: reads links and small files. What changes meanwhile keeps the stamp of the listing and no content: it
 * is read later.
 * @throws what is fatal for a scan
 */
export async function observe(
  disk: Disk,
  { entry, path }: { entry: DiskEntry; path: LocalPath },
  options: ObserveOptions,
): Promise<Observation> {
  const { stamp } = entry
  const unread = (kind: LocalState['kind'], blocked: Item['blocked'] = null): Observation => ({
    state: { kind, stamp, content: null, isSettled: blocked !== null },
    blocked,
  })
  const kind = entry.kind === 'special' ? 'file' : entry.kind
  if (entry.fault === 'not-utf8') return unread(kind, NOT_UTF8)
  if (entry.fault === 'mount') return unread(kind, MOUNT)
  if (entry.kind === 'special') return unread(kind, SPECIAL_FILE)
  if (entry.kind === 'folder')
    return { state: { kind, stamp, content: { kind: 'folder' }, isSettled: true }, blocked: null }
  try {
    if (entry.kind === 'symlink') return await observeLink(disk, entry, path)
    if (stamp.size > options.inlineBytes) return unread(kind)
    const read = await readContent(disk, path, { entry, ...options })
    return typeof read === 'string' ? unread(kind) : { state: { kind, stamp, ...read }, blocked: null }
  } catch (error) {
    const fault = scanFault(error)
    if (fault.is === 'fatal') throw error
    return unread(kind, blockOf(fault))
  }
}

const blockOf = (fault: ScanFault): Item['blocked'] => (fault.is === 'blocked' ? fault.blocked : null)

async function observeLink(disk: Disk, { stamp }: DiskEntry, path: LocalPath): Promise<Observation> {
  try {
    const content: ItemContent = { kind: 'symlink', target: await disk.readLink(path) }
    return { state: { kind: 'symlink', stamp, content, isSettled: true }, blocked: null }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EINVAL') throw error
    return { state: { kind: 'symlink', stamp, content: null, isSettled: true }, blocked: TARGET_NOT_UTF8 }
  }
}

/** Zeros alone are taken for room that somebody is about to fill, until they have been there for so long (WR-08). */
const UNFILLED_NS = 5_000_000_000n

/**
 * Reads and hashes a file whose stamp is known.
 * @returns `changed`: it is not that file any more, or changed meanwhile (WR-01). `unfilled`: there is only room for it yet
 */
export async function readContent(
  disk: Disk,
  path: LocalPath,
  {
    entry,
    executableBefore,
    begun,
    lister,
  }: { entry: DiskEntry; lister?: ChunkLister } & Omit<ObserveOptions, 'inlineBytes'>,
): Promise<{ content: ItemContent & { kind: 'file' }; isSettled: boolean } | 'changed' | 'unfilled'> {
  const { sha256, size, isZeros } = await hashFile(disk, path, lister)
  const after = await disk.stat(path)
  if (after === null || after.kind !== 'file' || !isSameStamp(after.stamp, entry.stamp) || size !== entry.stamp.size)
    return 'changed'
  if (isZeros && isYoung(entry.stamp, begun)) return 'unfilled'
  const executable = disk.abilities.executableBit ? after.executable : executableBefore
  return { content: { kind: 'file', sha256, size, executable }, isSettled: isSettled(disk, entry.stamp, begun) }
}

function isYoung({ ctimeNs }: Stamp, now: bigint): boolean {
  const age = now - BigInt(ctimeNs)
  return age >= 0n && age < UNFILLED_NS
}

/** @param lister sees the same bytes @returns `isZeros`: there are bytes, and each is 0 */
export async function hashFile(
  disk: Disk,
  path: LocalPath,
  lister?: ChunkLister,
): Promise<{ sha256: Sha256; size: number; isZeros: boolean }> {
  const running = startSha256()
  let size = 0
  let isZeros = true
  for await (const piece of disk.read(path)) {
    running.update(piece)
    lister?.update(piece)
    size += piece.length
    isZeros &&= piece.every((byte) => byte === 0)
  }
  return { sha256: running.digest(), size, isZeros: isZeros && size > 0 }
}

/**
 * Whether a write after `begun` would leave another stamp: it would when the clock of the file system had ticked on since the stamp was given.
 * Otherwise the file is to be read once more (TM-01). A time far ahead is as good as one long past: no write of now would be given it.
 */
export function isSettled({ abilities }: Pick<Disk, 'abilities'>, stamp: Stamp, begun: bigint): boolean {
  const isFar = (timeNs: string): boolean => {
    const distance = begun - BigInt(timeNs)
    return (distance < 0n ? -distance : distance) > abilities.grainNs
  }
  return isFar(stamp.ctimeNs) && isFar(stamp.mtimeNs)
}
