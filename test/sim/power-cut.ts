import { isOwnPath } from '../../client/sync/own-folder.ts'
import type { Dice } from './dice.ts'
import { NO_BYTES, type Inode } from './inode.ts'
import type { InodeTree } from './inode-tree.ts'
import { keyOf, type Key, type Ledger } from './ledger.ts'
import type { Rules } from './rules.ts'

/** What is older than this was written by the system itself. */
const WRITTEN_US = 30_000_000
const NAMES_WRITTEN_US = 5_000_000

type Surroundings = {
  ledger: Ledger
  rules: Pick<Rules, 'expendable'>
  device: number
  /** Since the clock was set last. */
  sinceSetUs: number
}

/**
 * The machine loses its power: names are what they were up to some moment, files whose bytes were only in memory are as they were, empty, or full of
 * zeros. What somebody has waited for is there. The ledger is told what people have lost by it; what the engine called durable they must not lose.
 */
export function cutPower(tree: InodeTree, dice: Dice, { ledger, rules, device, sinceSetUs }: Surroundings): void {
  const before = visible(tree)
  const paths = new Map([...tree.walk()].map(({ path, entry }) => [entry.inode, path]))
  const namesBefore = [...tree.walk()].flatMap(({ path, entry: { inode } }): [string, Key][] =>
    isOwnPath(path) || inode.kind === 'folder' ? [] : [[path, keyOf(inode)]],
  )
  const folders = [...tree.walk()].filter(({ entry }) => entry.inode.kind === 'folder')
  tree.loseNames(NAMES_WRITTEN_US, (count) => dice.int(count + 1))
  const inodes = new Set([...tree.walk()].map(({ entry }) => entry.inode))
  for (const inode of inodes) {
    const key = keyOf(inode)
    const ageUs = tree.ageUs(inode)
    if (ageUs < WRITTEN_US) inode.bytes = whatIsLeft(inode, dice)
    // By the time that its stamp tells, it was written long before the fall: nothing says that it may have lost its bytes.
    if (keyOf(inode) !== key && ageUs > sinceSetUs) rules.expendable.add(keyOf(inode))
    // Written into a file that has gone to our trash meanwhile: the power took it, not we; what is left may be shown, and need not.
    if (keyOf(inode) !== key && isOwnPath(paths.get(inode) ?? '') && inode.by === 'person') {
      ledger.gone(key, true)
      ledger.put(keyOf(inode), device)
      ledger.gone(keyOf(inode), true)
    }
    inode.unwritten = null
  }
  const after = visible(tree)
  // What has another name again is as new as if somebody had put it there now.
  for (const { path, entry } of tree.walk())
    if (entry.inode.kind !== 'folder' && paths.get(entry.inode) !== path) ledger.returned(keyOf(entry.inode))
  for (const [inode, key] of before) if (after.get(inode) !== key && inode.by === 'person') ledger.gone(key, true)
  for (const [inode, key] of after) if (before.get(inode) !== key && inode.by === 'person') ledger.put(key, device)
  // A name that is lost, of a file that has another one: that is a delete all the same.
  for (const [path, key] of namesBefore) if (!tree.at(path)) ledger.gone(key, false)
  for (const { path, entry } of folders)
    if (tree.at(path)?.inode !== entry.inode) ledger.foldersGone.add(entry.name.normalize('NFC').toLowerCase())
}

function whatIsLeft({ bytes, unwritten }: Inode, dice: Dice): Uint8Array {
  switch (dice.weighted({ all: 4, old: 2, empty: 2, zeros: 2 })) {
    case 'all':
      return bytes
    case 'old':
      return unwritten!.was
    case 'empty':
      return NO_BYTES
    case 'zeros':
      return new Uint8Array(bytes.length)
  }
}

function visible(tree: InodeTree): Map<Inode, Key> {
  const found = new Map<Inode, Key>()
  for (const { path, entry } of tree.walk())
    if (!isOwnPath(path) && (entry.inode.kind === 'file' || entry.inode.kind === 'symlink'))
      found.set(entry.inode, keyOf(entry.inode))
  return found
}
