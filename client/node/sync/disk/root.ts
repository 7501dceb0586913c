import { lstatSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalPath } from '../../../sync/ports.ts'
import { codeOf, systemError } from './system-error.ts'

/**
 * The folder that all paths are below, resolved once: it may itself be a symbolic link (LK-04), nothing below it is followed.
 * `dev`: the file system it was on when it was opened.
 */
export type Root = { readonly path: string; readonly dev: number; readonly ino: number }

/** @throws ENOENT, ENOTDIR */
export function openRoot(path: string): Root {
  const real = realpathSync(path)
  const stats = lstatSync(real)
  if (!stats.isDirectory()) throw systemError('ENOTDIR', 'the root is not a folder')
  return { path: real, dev: stats.dev, ino: stats.ino }
}

/** What may stand between two slashes: nothing that leads up, or elsewhere. */
function isPlainName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) return false
  return process.platform !== 'win32' || !/[\\:]/.test(name)
}

/**
 * The path for the system, after every folder above it was found to be a folder (no link) of the root's file system (I12). Node has
 * no openat: between this look and the use of the path somebody may swap a folder for a link. Files are therefore opened with
 * O_NOFOLLOW, and folders looked at again after they were listed.
 * @throws EINVAL, ENOENT, ENOTDIR (something above is no folder), EXDEV (something above is a mount point), ESTALE (the root is another one)
 */
export function inside(root: Root, path: LocalPath): string {
  // Whoever changes names asks here first: what was seen before may not hold after.
  plainWays.delete(root)
  checkRoot(root)
  return insideChecked(root, path, (folders) => lookAtWay(root, folders))
}

/**
 * `inside`, for those who only read: of many files in one folder, that folder and the root are looked at once in a turn of the event loop.
 * Whoever concludes from it that something is gone looks at the root again (`checkRoot`).
 */
export function insideToRead(root: Root, path: LocalPath): string {
  const ways = waysOfTurn(root)
  return insideChecked(root, path, (folders) => lookOnce(root, folders, ways))
}

function insideChecked(root: Root, path: LocalPath, look: (folders: readonly string[]) => void): string {
  const full = pathBelow(root, path)
  if (path !== '') look(path.split('/').slice(0, -1))
  return full
}

/** Nothing is looked at: where the path leads to has to be told by what is found there. @throws EINVAL */
export function pathBelow(root: Root, path: LocalPath): string {
  if (path === '') return root.path
  if (!path.split('/').every(isPlainName)) throw systemError('EINVAL', 'not a path below the root')
  return join(root.path, path)
}

function lookAtWay(root: Root, folders: readonly string[]): void {
  if (folders.length <= FEW_LEVELS || !isPlainWay(root, folders)) lookAtEach(root, folders)
}

/** Roots that were found to be what they were in this turn, and the ways below that were found to be plain. */
const plainWays = new Map<Root, Set<string>>()

function waysOfTurn(root: Root): Set<string> {
  const known = plainWays.get(root)
  if (known !== undefined) return known
  checkRoot(root)
  if (plainWays.size === 0) setImmediate(() => plainWays.clear())
  const ways = new Set<string>()
  plainWays.set(root, ways)
  return ways
}

function lookOnce(root: Root, folders: readonly string[], ways: Set<string>): void {
  const way = folders.join('/')
  if (ways.has(way)) return
  lookAtWay(root, folders)
  ways.add(way)
}

/** From here on one question for the whole way costs less than one a level. */
const FEW_LEVELS = 3

/** Whether the way leads where it says, and stays on one file system. `false`: look at each level, which tells what is wrong. */
function isPlainWay(root: Root, folders: readonly string[]): boolean {
  const way = join(root.path, ...folders)
  try {
    if (realpathSync.native(way) !== way) return false
    const stats = lstatSync(way)
    return stats.isDirectory() && stats.dev === root.dev
  } catch {
    return false
  }
}

function lookAtEach(root: Root, folders: readonly string[]): void {
  let at = root.path
  for (const folder of folders) {
    at = join(at, folder)
    const stats = lstatSync(at)
    if (!stats.isDirectory()) throw systemError('ENOTDIR', 'a folder on the way is not a folder')
    if (stats.dev !== root.dev) throw systemError('EXDEV', 'another file system is mounted on the way')
  }
}

/** The root as it was opened: neither gone, nor hidden by a mount (RT-01, RT-07). @throws ENOENT, ESTALE */
export function checkRoot(root: Root): void {
  const stats = lstatSync(root.path)
  if (stats.ino !== root.ino || stats.dev !== root.dev || !stats.isDirectory())
    throw systemError('ESTALE', 'the root is not the folder that it was')
}

/** `insideToRead`, or `null` when there can be nothing at that path. */
export function insideOrNull(root: Root, path: LocalPath): string | null {
  const ways = waysOfTurn(root)
  try {
    return insideChecked(root, path, (folders) => lookOnce(root, folders, ways))
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}

/** Which folder stands at the path now: it is another one after a drive came back. `null`: none. */
export function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev} ${ino}`
  } catch {
    return null
  }
}
