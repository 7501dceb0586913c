import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createDice } from '../dice.ts'

const PIECE_BYTES = 8 * 1024 * 1024
const FILES_PER_FOLDER = 100

/** `folders`: with the top one. */
export type WrittenTree = { files: number; folders: number; bytes: number }

/** Files of random bytes whose sizes are spread evenly between none and twice the average, a hundred to a folder. */
export function writeRandomTree(root: string, options: { files: number; bytes: number; seed: number }): WrittenTree {
  const dice = createDice(options.seed)
  const average = options.bytes / options.files
  const pool = randomFillSync(Buffer.allocUnsafe(Math.ceil(2 * average) + PIECE_BYTES))
  let bytes = 0
  const folders = Math.ceil(options.files / FILES_PER_FOLDER)
  for (let at = 0; at < options.files; at++) {
    const folder = join(root, `folder-${Math.floor(at / FILES_PER_FOLDER)}`)
    if (at % FILES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true })
    const size = Math.max(16, Math.floor((dice() / 2 ** 32) * 2 * average))
    // Another place in the pool for each, and a number of its own: no two files share a chunk.
    const from = dice() % PIECE_BYTES
    const piece = Buffer.from(pool.subarray(from, from + size))
    for (let mark = 0; mark + 8 <= size; mark += 1024) piece.writeUInt32LE(dice(), mark)
    writeFile(join(folder, `file-${at}.bin`), [piece])
    bytes += size
  }
  return { files: options.files, folders: folders + 1, bytes }
}

/** One file of random bytes, on the disk when this returns: writing back must not fall into what is measured. */
export function writeRandomFile(path: string, sizeBytes: number): void {
  const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, sizeBytes))
  const pieces = function* () {
    for (let at = 0; at < sizeBytes; at += piece.length)
      yield randomFillSync(piece).subarray(0, Math.min(piece.length, sizeBytes - at))
  }
  writeFile(path, pieces(), { isSynced: true })
}

function writeFile(path: string, pieces: Iterable<Uint8Array>, { isSynced = false } = {}): void {
  const fd = openSync(path, 'wx')
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length;) at += writeSync(fd, piece, at)
    if (isSynced) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
