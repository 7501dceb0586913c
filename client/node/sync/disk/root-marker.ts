import { closeSync, constants, fsyncSync, mkdirSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { inside, type Root } from './root.ts'
import { codeOf, systemError } from './system-error.ts'

const MARKER = `${OWN_FOLDER}/root`
const ID_MAX_BYTES = 256

/** @throws the system's errors: then nothing is known of the root */
export function readMarker(root: Root): { id: string } | { missing: true } {
  try {
    const fd = openSync(inside(root, MARKER), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      const bytes = Buffer.alloc(ID_MAX_BYTES)
      const id = bytes.toString('utf8', 0, readSync(fd, bytes, 0, ID_MAX_BYTES, 0)).trim()
      if (id === '') throw systemError('EINVAL', 'the marker of the root is empty')
      return { id }
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { missing: true }
    throw error
  }
}

/** Durable, whole or not at all. */
export function writeMarkerFile(root: Root, id: string): void {
  makeOwnFolders(root)
  const path = inside(root, MARKER)
  const temp = `${path}.new`
  const fd = openSync(temp, 'w', 0o600)
  try {
    writeSync(fd, `${id}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temp, path)
  for (const folder of [dirname(path), root.path]) syncFolder(folder)
}

/** Only where the root is ours, or becomes it. */
export function makeOwnFolders(root: Root): void {
  const own = inside(root, OWN_FOLDER)
  for (const folder of [own, join(own, 'tmp'), join(own, 'trash')]) mkdirSync(folder, { recursive: true, mode: 0o700 })
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
