import { AppError } from '../../core/errors.ts'
import { isSameBytes } from '../../core/reconcile/changes.ts'
import { isSameStamp, type Item, type ItemContent } from '../../core/reconcile/item.ts'
import type { Expectation } from '../../core/reconcile/step.ts'
import { startSha256 } from '../content/sha256.ts'
import type { Disk, DiskEntry, LocalPath } from './ports.ts'

/** What was found right before a step: `null` in place of an entry where nothing should be, and is. */
export type Found = { is: 'as-expected'; entry: DiskEntry | null; content: ItemContent | null } | { is: 'other' }

const OTHER: Found = { is: 'other' }

/**
 * Looks again, right before something is done: by the stamp, and by the bytes where the stamp does not stand for them (TM-01). The stamp of a folder
 * changes with what is in it, so of that only the inode counts.
 */
export async function lookTwice(disk: Disk, item: Item, path: LocalPath, expects: Expectation): Promise<Found> {
  const entry = await disk.stat(path)
  if (expects.is === 'nothing') return entry === null ? { is: 'as-expected', entry: null, content: null } : OTHER
  const { content, stamp } = expects
  if (entry === null || entry.kind !== content.kind) return OTHER
  if (content.kind === 'folder') return entry.stamp.ino === stamp.ino ? { is: 'as-expected', entry, content } : OTHER
  if (!isSameStamp(entry.stamp, stamp)) return OTHER
  // What was read since the plan was made may be other bytes of the same stamp.
  const { local } = item
  const read = local?.isSettled === true ? local.content : await readContent(disk, path, content)
  return read !== null && isSameBytes(read, content) ? { is: 'as-expected', entry, content } : OTHER
}

/** @returns `null`: it is being written */
async function readContent(disk: Disk, path: LocalPath, thought: ItemContent): Promise<ItemContent | null> {
  if (thought.kind === 'symlink') return { kind: 'symlink', target: await disk.readLink(path) }
  if (thought.kind === 'folder') return thought
  const hash = startSha256()
  let size = 0
  try {
    for await (const piece of disk.read(path)) {
      hash.update(piece)
      size += piece.length
    }
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
  return { ...thought, sha256: hash.digest(), size }
}
