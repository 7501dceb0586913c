import { lstatSync, type BigIntStats } from 'node:fs'
import type { Stamp } from '../../../../core/reconcile/item.ts'
import type { DiskEntry } from '../../../sync/ports.ts'

/** How entries are told on this file system. `birthTime`: it keeps one, which then tells a reused inode from the old one (MV-20). */
export type Looks = { birthTime: boolean; executableBit: boolean; dev: number }

export function toStamp(stats: BigIntStats, looks: Looks): Stamp {
  const ino = looks.birthTime ? `${stats.ino}.${stats.birthtimeNs}` : stats.ino.toString()
  const size = stats.isDirectory() ? 0 : Number(stats.size)
  return { ino, size, mtimeNs: stats.mtimeNs.toString(), ctimeNs: stats.ctimeNs.toString() }
}

export function toEntry(name: string, stats: BigIntStats, looks: Looks): DiskEntry {
  const kind = kindOf(stats)
  const executable = kind === 'file' && looks.executableBit && (stats.mode & 0o100n) !== 0n
  const entry: DiskEntry = { name, kind, stamp: toStamp(stats, looks), executable }
  return kind === 'folder' && Number(stats.dev) !== looks.dev ? { ...entry, fault: 'mount' } : entry
}

function kindOf(stats: BigIntStats): DiskEntry['kind'] {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'folder'
  return stats.isSymbolicLink() ? 'symlink' : 'special'
}

/** @returns `null`: no such name. Other errors are thrown. */
export function lookAt(path: string): BigIntStats | null {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null
}

/** The same bytes as far as anybody can tell: a link or a rename of ours changes the ctime, so it is not compared. */
export const isSameFile = (a: Stamp, b: Stamp): boolean =>
  a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs
