import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../core/errors.ts'
import { readPieces } from '../content/read-pieces.ts'
import type { FileIdentity, FileSource, OpenedFile } from '../transfer/file-source.ts'

/**
 * File times come from a clock that ticks every few milliseconds: a file changed in the same tick before and during our read
 * looks unchanged. So a file that is younger than this is left alone until it is not.
 */
const TICK_MS = 20

/** Files of this machine. A symbolic link is not followed (O_NOFOLLOW), so that a swapped path cannot lead elsewhere. */
export const nodeFileSource: FileSource = {
  open: async (path) => {
    const handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
    try {
      await refuseSpecial(handle)
      return openedFile(handle)
    } catch (error) {
      await handle.close()
      throw error
    }
  },
}

/** A pipe or device may have taken the place of the file since the walk. */
async function refuseSpecial(handle: FileHandle): Promise<void> {
  const stats = await handle.stat()
  if (!stats.isFile()) throw new AppError('not-a-file', { detail: 'not a regular file' })
  const ageMs = Date.now() - stats.mtimeMs
  if (ageMs >= 0 && ageMs < TICK_MS) await sleep(TICK_MS - ageMs)
}

function openedFile(handle: FileHandle): OpenedFile {
  return {
    identify: () => identify(handle),
    read: (sizeBytes) => readPieces(handle, { sizeBytes }),
    readRange: (from, to) => readRange(handle, from, to),
    close: () => handle.close(),
  }
}

const PIECE_BYTES = 1024 * 1024

async function* readRange(handle: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(PIECE_BYTES, to - at)), 0, null, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function identify(handle: FileHandle): Promise<FileIdentity> {
  const stats = await handle.stat({ bigint: true })
  return {
    sizeBytes: Number(stats.size),
    mtimeNs: stats.mtimeNs.toString(),
    ctimeNs: stats.ctimeNs.toString(),
    ino: `${stats.dev}:${stats.ino}`,
  }
}
