import { readdirSync, type BigIntStats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { sep } from 'node:path'
import { AppError } from '../../../../core/errors.ts'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { isSameStamp, type Stamp } from '../../../../core/reconcile/item.ts'
import type { DiskEntry, FolderSeen, LocalPath } from '../../../sync/ports.ts'
import { breathe } from './breathe.ts'
import { lookAt, toEntry, toStamp, type Looks } from './disk-entry.ts'
import { checkRoot, insideToRead, pathBelow, type Root } from './root.ts'
import { codeOf, systemError } from './system-error.ts'

const ATTEMPTS = 3
/** Looked at between two breaths. */
const SLICE = 64
/** A look that takes longer waits for a device: then many are better asked for together. */
const SLOW_MS = 0.3

/**
 * A folder to its end. Names that come and go meanwhile could be missed by the system's own reading: when the folder's times have moved, it is
 * read again.
 * @param folder.seen how the folder above has shown it a moment ago. Then it is looked at only once more, behind its reading: when that is the same folder, it is one
 * of those below the root, whatever the way to it may be by now (I12, RT-01)
 * @throws the system's errors; ENOTDIR; EXDEV of a mount point; `AppError busy` when it changes all the time
 */
export async function listFolder(
  root: Root,
  looks: Looks,
  { path: folder, seen }: Pick<FolderSeen, 'path' | 'seen'>,
): Promise<DiskEntry[]> {
  const path = pathBelow(root, folder)
  let shown = seen
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = shown ?? lookOnTheWay(root, looks, folder)
    const names = readNames(path).filter(({ name }) => folder !== '' || name !== OWN_FOLDER)
    const entries = await lookAtAll(path, names, looks)
    if (isSameStamp(before, lookAtFolder(path, root, looks))) {
      if (shown === null) checkRoot(root)
      return entries
    }
    shown = null
  }
  throw new AppError('busy', { detail: 'the folder changes while it is read' })
}

const lookOnTheWay = (root: Root, looks: Looks, folder: LocalPath): Stamp =>
  lookAtFolder(insideToRead(root, folder), root, looks)

function lookAtFolder(path: string, root: Root, looks: Looks): Stamp {
  const stats = lookAt(path)
  if (stats === null) throw systemError('ENOENT', 'no such folder')
  if (!stats.isDirectory()) throw systemError('ENOTDIR', 'not a folder')
  if (Number(stats.dev) !== root.dev) throw systemError('EXDEV', 'another file system is mounted here')
  return toStamp(stats, looks)
}

/** `bytes`: the name as it is, where it is not UTF-8. */
type RawName = { name: string; bytes: Buffer | null }

function readNames(path: string): RawName[] {
  const names = readdirSync(path)
  // Decoding leaves this mark for what it cannot decode; only then the slow way is gone.
  if (!names.some((name) => name.includes('\uFFFD'))) return names.map((name) => ({ name, bytes: null }))
  return readdirSync(path, { encoding: 'buffer' }).map((bytes) => {
    const name = bytes.toString('utf8')
    return Buffer.from(name, 'utf8').equals(bytes) ? { name, bytes: null } : { name: escapeName(bytes), bytes }
  })
}

/** Shows every byte beyond ASCII behind U+FFFD, which no name on the server can hold: so it is unlike any other name. */
function escapeName(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) text += byte < 0x80 ? String.fromCharCode(byte) : `\uFFFD${byte.toString(16)}`
  return text
}

async function lookAtAll(path: string, names: RawName[], looks: Looks): Promise<DiskEntry[]> {
  const entries: DiskEntry[] = []
  let isSlow = false
  for (let from = 0; from < names.length; from += SLICE) {
    const slice = names.slice(from, from + SLICE)
    const begun = performance.now()
    const stats = isSlow
      ? await Promise.all(slice.map((raw) => lookAway(path, raw)))
      : slice.map((raw) => lookNow(path, raw))
    isSlow = (performance.now() - begun) / slice.length > SLOW_MS
    for (const [i, found] of stats.entries()) {
      // What vanished since the names were read is not there.
      if (found !== null) entries.push(entryOf(slice[i] as RawName, found, looks))
    }
    await breathe()
  }
  return entries
}

const entryOf = ({ name, bytes }: RawName, stats: BigIntStats, looks: Looks): DiskEntry => {
  const entry = toEntry(name, stats, looks)
  return bytes === null ? entry : { ...entry, fault: 'not-utf8' }
}

const fullPath = (path: string, { name, bytes }: RawName): string | Buffer =>
  bytes === null ? path + sep + name : Buffer.concat([Buffer.from(`${path}/`), bytes])

const lookNow = (path: string, raw: RawName): BigIntStats | null => lookAt(fullPath(path, raw) as string)

async function lookAway(path: string, raw: RawName): Promise<BigIntStats | null> {
  try {
    return await lstat(fullPath(path, raw), { bigint: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
