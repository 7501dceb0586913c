import type { Dir, Dirent } from 'node:fs'
import { lstat, opendir, readlink } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { INLINE_MAX_BYTES } from '../../core/content.ts'
import { findNameFault, nameFaultDetail } from '../../core/names.ts'
import type { SkipReason } from '../transfer/events.ts'
import type { WalkEntry } from '../transfer/plan.ts'

/** Every folder on the way down is held open, so that its entries need not be remembered. */
const DEPTH_MAX = 256
/** Entries looked at together. */
const SLICE = 64

/** `as` renames the entry at the destination (`put a.txt dest/b.txt`); `as: null` on a folder takes its contents only. */
export type WalkRoot = { path: string; as?: string | null }

/**
 * Walks what was named on the command line. A file becomes one entry; a folder becomes itself and all below it, parents first.
 * A symbolic link is an entry of its own, never followed. Special files are reported; so is what cannot be read and what the server would
 * refuse by name. Memory does not grow with the number of files.
 */
export async function* walk(roots: readonly WalkRoot[]): AsyncIterable<WalkEntry> {
  for (const root of roots) {
    const path = resolve(root.path)
    const parts = root.as === null ? [] : [root.as ?? basename(path)]
    const entry = await look(path, parts)
    if (entry.kind === 'folder') yield* walkFolder(entry, 0)
    else if (parts.length > 0 || entry.kind === 'skipped') yield entry
    else yield skipped(path, 'name-refused', 'a file needs a name at its destination')
  }
}

async function* walkFolder(folder: WalkEntry & { kind: 'folder' }, depth: number): AsyncIterable<WalkEntry> {
  if (depth > DEPTH_MAX) return yield skipped(folder.path, 'too-deep', `more than ${DEPTH_MAX} folders deep`)
  let dir: Dir
  try {
    dir = await opendir(folder.path, { bufferSize: SLICE })
  } catch (error) {
    return yield skippedBy(folder.path, error)
  }
  if (folder.parts.length > 0) yield folder
  try {
    for await (const slice of slices(dir)) {
      for (const entry of await Promise.all(slice.map((dirent) => lookAt(folder, dirent)))) {
        if (entry.kind === 'folder') yield* walkFolder(entry, depth + 1)
        else yield entry
      }
    }
  } catch (error) {
    yield skippedBy(folder.path, error)
  } finally {
    await dir.close().catch(() => {})
  }
}

async function* slices(dir: Dir): AsyncIterable<Dirent[]> {
  let slice: Dirent[] = []
  for (let dirent = await dir.read(); dirent !== null; dirent = await dir.read()) {
    slice.push(dirent)
    if (slice.length < SLICE) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

function lookAt(folder: { path: string; parts: readonly string[] }, dirent: Dirent): Promise<WalkEntry> {
  return look(join(folder.path, dirent.name), [...folder.parts, dirent.name])
}

async function look(path: string, parts: readonly string[]): Promise<WalkEntry> {
  const name = parts.at(-1)
  const fault = name === undefined ? null : findNameFault(name)
  if (fault !== null) return skipped(path, 'name-refused', nameFaultDetail(fault))
  try {
    const stats = await lstat(path, { bigint: true })
    if (stats.isSymbolicLink()) return await lookAtLink(path, parts, stats.mtimeNs.toString())
    if (stats.isDirectory()) return { kind: 'folder', path, parts }
    if (!stats.isFile()) return skipped(path, 'special-file', 'a pipe, socket or device')
    const executable = process.platform !== 'win32' && (stats.mode & 0o100n) !== 0n
    const mtimeNs = stats.mtimeNs.toString()
    return { kind: 'file', path, parts, sizeBytes: Number(stats.size), mtimeNs, executable }
  } catch (error) {
    return skippedBy(path, error)
  }
}

/** Its target is kept as it is; one that is not text, or too long, cannot be. */
async function lookAtLink(path: string, parts: readonly string[], mtimeNs: string): Promise<WalkEntry> {
  const bytes = await readlink(path, { encoding: 'buffer' })
  const target = bytes.toString('utf8')
  if (bytes.length > INLINE_MAX_BYTES || !Buffer.from(target, 'utf8').equals(bytes))
    return skipped(path, 'symlink', 'a symbolic link whose target is not text, or too long')
  return { kind: 'symlink', path, parts, target, mtimeNs }
}

const skipped = (path: string, reason: SkipReason, detail?: string): WalkEntry => ({
  kind: 'skipped',
  path,
  reason,
  ...(detail === undefined ? {} : { detail }),
})

function skippedBy(path: string, error: unknown): WalkEntry {
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined) throw error
  return skipped(path, code === 'ENOENT' ? 'vanished' : 'unreadable', code)
}
