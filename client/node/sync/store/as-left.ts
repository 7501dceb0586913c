import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'

/*
 * Whether the database is, byte for byte, what an orderly end has left. The hash lies beside it from that end to the next opening. One that
 * does not fit, or is not there, says nothing: then the database is checked page by page.
 */
const PIECE_BYTES = 1024 * 1024
const markOf = (path: string): string => `${path}-as-left`

/** @param path of a database that is closed, and has no log any more */
export function noteAsLeft(path: string): void {
  try {
    writeFileSync(markOf(path), hashOf(path), { mode: 0o600 })
  } catch {
    // Without it the next opening takes longer, and that is all.
    rmSync(markOf(path), { force: true })
  }
}

/** Before it is opened. The mark is taken away: from now on the database may change. */
export function wasLeftLikeThis(path: string): boolean {
  const noted = readMark(path)
  if (noted === null) return false
  rmSync(markOf(path))
  return !hasLog(path) && noted === hashIfThere(path)
}

function readMark(path: string): string | null {
  try {
    return readFileSync(markOf(path), 'utf8')
  } catch {
    return null
  }
}

function hashIfThere(path: string): string | null {
  try {
    return hashOf(path)
  } catch {
    return null
  }
}

const hasLog = (path: string): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0

function hashOf(path: string): string {
  const hash = createHash('sha256')
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES)
    for (let bytes = readSync(fd, buffer); bytes > 0; bytes = readSync(fd, buffer))
      hash.update(buffer.subarray(0, bytes))
  } finally {
    closeSync(fd)
  }
  return hash.digest('hex')
}
