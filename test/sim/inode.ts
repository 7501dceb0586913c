import type { Abilities } from '../../core/reconcile/abilities.ts'
import type { Stamp } from '../../core/reconcile/item.ts'
import type { DiskEntry } from '../../client/sync/ports.ts'

/** How a file system is made: what it can hold, and how much its stamps tell. */
export type FsModel = Abilities & {
  /** It keeps birth times, so that a reused inode shows. */
  birthTime: boolean
  /** The number of what is gone goes to the next new thing (MV-20). */
  reusesInodes: boolean
}

export type Entry = { name: string; inode: Inode; fault?: 'not-utf8' }

export type Inode = {
  ino: number
  birth: number
  kind: DiskEntry['kind']
  bytes: Uint8Array
  target: string
  executable: boolean
  mtimeNs: string
  ctimeUs: number
  /** Of a folder, by the key of the name. */
  entries: Map<string, Entry>
  parent: Inode | null
  links: number
  /** What the disk itself holds, when the newest bytes are only in memory yet. */
  unwritten: { sinceUs: number; was: Uint8Array } | null
  /** Whose bytes these are: a person put them there, or the engine did. */
  by: 'person' | 'engine'
  /** Somebody made it so. */
  trouble: 'read-only' | 'unreadable' | 'locked' | null
  isMount: boolean
}

export const NO_BYTES = new Uint8Array(0)

/** Bytes that are longer in memory than this take two reads, and somebody may write in between. */
export const PIECE_BYTES = 16

export function stampOf(inode: Inode, model: FsModel): Stamp {
  return {
    ino: model.birthTime ? `${inode.ino}.${inode.birth}` : String(inode.ino),
    size: inode.kind === 'file' ? inode.bytes.length : inode.kind === 'symlink' ? Buffer.byteLength(inode.target) : 0,
    mtimeNs: inode.mtimeNs,
    ctimeNs: `${inode.ctimeUs}000`,
  }
}

export function diskEntryOf({ name, inode, fault }: Entry, model: FsModel): DiskEntry {
  const { kind } = inode
  const executable = kind === 'file' && model.executableBit && inode.executable
  const entry: DiskEntry = { name, kind, stamp: stampOf(inode, model), executable }
  if (fault) return { ...entry, fault }
  return inode.isMount ? { ...entry, fault: 'mount' } : entry
}

/** What the file system takes for the same name. */
export function keyOfName(name: string, model: FsModel): string {
  const same = model.normalises === 'nothing' ? name : name.normalize('NFC')
  return model.isCaseSensitive ? same : same.toLowerCase()
}

/** How it spells a name that it was given. */
export const spelledBy = (name: string, { normalises }: FsModel): string =>
  normalises === 'nothing' ? name : name.normalize(normalises === 'nfd' ? 'NFD' : 'NFC')

const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)/i

/** The error of the system for a name that it cannot hold, or `null`. */
export function nameErrno(name: string, model: FsModel): string | null {
  const { units, of } = model.nameMax
  const length = of === 'utf8' ? Buffer.byteLength(spelledBy(name, model)) : spelledBy(name, model).length
  if (length > units) return 'ENAMETOOLONG'
  if (model.refuses === 'windows' && (/[<>:"\\|?*]|[. ]$/.test(name) || WINDOWS_DEVICE.test(name))) return 'EINVAL'
  return null
}
