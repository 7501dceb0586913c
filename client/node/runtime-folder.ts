import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { AppError } from '../../core/errors.ts'

type Place = { env: Record<string, string | undefined>; uid: number; temporary: string }

/** What the system has for this process. Windows has no users by number, and needs no such folder: pipes are not files there. */
export const ownPlace = (env: Record<string, string | undefined> = process.env): Place => ({
  env,
  uid: process.getuid?.() ?? 0,
  temporary: tmpdir(),
})

/**
 * A folder with a short path that only this user can enter, for sockets: below XDG_RUNTIME_DIR, otherwise below the folder for temporary files. There, anybody
 * could have made one of that name before us: then it is refused.
 * @param nameBytes of what is to be put there: a socket's path has an end
 * @throws AppError `forbidden`
 */
export function runtimeFolder(nameBytes: number, place: Place = ownPlace()): string {
  const folders = [xdgFolder(place), join(place.temporary, `bitvault-${place.uid}`), `/tmp/bitvault-${place.uid}`]
  const short = folders.find((folder) => folder !== null && fits(folder, nameBytes))
  if (short === undefined || short === null) throw refuse(place.temporary, 'its path is too long for a socket')
  mkdirSync(short, { recursive: true, mode: 0o700 })
  requirePrivate(short, place.uid)
  return short
}

/** `sun_path` of Linux has 108 bytes, that of macOS and BSD 104; the last is a zero. */
const PATH_MAX_BYTES = process.platform === 'linux' ? 107 : 103

const fits = (folder: string, nameBytes: number): boolean => Buffer.byteLength(folder) + 1 + nameBytes <= PATH_MAX_BYTES

/** `null`: there is none, or not one of ours. */
function xdgFolder({ env, uid }: Place): string | null {
  const base = env['XDG_RUNTIME_DIR']
  if (!base || !isAbsolute(base)) return null
  const found = look(base)
  return found?.isDirectory() === true && found.uid === uid ? join(base, 'bitvault') : null
}

function requirePrivate(folder: string, uid: number): void {
  const found = look(folder)
  if (!found?.isDirectory()) throw refuse(folder, 'it is no folder')
  if (found.uid !== uid) throw refuse(folder, 'it belongs to another user')
  if ((found.mode & 0o077) === 0) return
  chmodSync(folder, 0o700)
  if (((look(folder)?.mode ?? 0o077) & 0o077) !== 0) throw refuse(folder, 'others can enter it')
}

function look(path: string): Stats | null {
  try {
    return lstatSync(path)
  } catch {
    return null
  }
}

const refuse = (folder: string, why: string): AppError =>
  new AppError('forbidden', {
    detail: `${folder} cannot hold our sockets: ${why}. XDG_RUNTIME_DIR names another place`,
  })
