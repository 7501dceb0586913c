import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DownloadedContent, DownloadTarget, PendingFile } from '../transfer/download-target.ts'
import { createEarlyFlush } from './early-flush.ts'
import { isProcessAlive } from './file-lock.ts'

/** Smaller files are not worth taking up again. */
const RESUME_FROM_BYTES = 8 * 1024 * 1024
const READ_BYTES = 1024 * 1024

/**
 * Puts the file at `path`: a temporary file in the same folder, fsync, rename, fsync of the folder. The temporary name holds the
 * content's hash and our process id: an interrupted download of the same content is found by the first and, when that process
 * is gone, taken over.
 */
export function nodeFileTarget(path: string): DownloadTarget {
  const folder = dirname(path)
  return {
    begin: async (content) => {
      const temporary = join(folder, temporaryName(content))
      const wasLeft = content.sizeBytes >= RESUME_FROM_BYTES && (await takeOver(folder, content, temporary))
      const handle = await openTemporary(temporary)
      const resumableBytes = wasLeft ? Math.min((await handle.stat()).size, content.sizeBytes) : 0
      return pendingFile(handle, { path, folder, temporary, content, resumableBytes })
    },
  }
}

const stem = (content: DownloadedContent): string => `.bitvault-${content.sha256.slice(0, 24)}-`
const temporaryName = (content: DownloadedContent): string =>
  `${stem(content)}${process.pid}-${randomBytes(4).toString('hex')}.part`

const openTemporary = (temporary: string): Promise<FileHandle> =>
  open(temporary, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600)

/** A rename claims the leftover: of two that try, one gets it. */
async function takeOver(folder: string, content: DownloadedContent, temporary: string): Promise<boolean> {
  const prefix = stem(content)
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !name.endsWith('.part')) continue
    const pid = Number(name.slice(prefix.length).split('-')[0])
    const isOurs = pid === process.pid && !inUse.has(join(folder, name))
    if (!isOurs && isProcessAlive(pid)) continue
    try {
      await rename(join(folder, name), temporary)
      return true
    } catch {
      // Somebody else took it.
    }
  }
  return false
}

/** Temporary files that this process is writing just now. */
const inUse = new Set<string>()

type Place = {
  path: string
  folder: string
  temporary: string
  content: DownloadedContent
  resumableBytes: number
}

function pendingFile(handle: FileHandle, place: Place): PendingFile {
  const { temporary, content } = place
  const early = createEarlyFlush(() => handle.datasync())
  let position = 0
  inUse.add(temporary)
  return {
    resumableBytes: place.resumableBytes,
    readPrefix: (lengthBytes) => readPrefix(handle, lengthBytes),
    startAt: async (lengthBytes) => {
      await handle.truncate(lengthBytes)
      position = lengthBytes
    },
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position)
        at += bytesWritten
        position += bytesWritten
      }
      early.wrote(bytes.length)
    },
    finish: async () => {
      await early.end()
      await restoreAttributes(handle, content)
      await handle.sync()
      await handle.close()
      await rename(temporary, place.path)
      inUse.delete(temporary)
      await syncFolder(place.folder)
    },
    abandon: async (keep) => {
      const isOnDisk = await early.end().then(
        () => true,
        () => false,
      )
      await handle.close().catch(() => {})
      if (!keep || !isOnDisk || position < RESUME_FROM_BYTES) await rm(temporary, { force: true })
      inUse.delete(temporary)
    },
  }
}

async function* readPrefix(handle: FileHandle, lengthBytes: number): AsyncIterable<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  for (let at = 0; at < lengthBytes;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(READ_BYTES, lengthBytes - at), at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** Times go through a double of seconds: about 0.3 µs of the nanoseconds are lost, which is what the platform offers. */
async function restoreAttributes(handle: FileHandle, content: DownloadedContent): Promise<void> {
  const umask = process.umask()
  if (process.platform !== 'win32') await handle.chmod((content.executable ? 0o777 : 0o666) & ~umask)
  if (content.mtimeNs === null) return
  const seconds = Number(content.mtimeNs) / 1e9
  await handle.utimes(new Date(), seconds)
}

/** So that the rename outlives a power cut. Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  // A folder that may be written but not read cannot be opened; the file is in its place all the same.
  const handle = await open(folder, constants.O_RDONLY).catch(() => null)
  try {
    await handle?.sync()
  } finally {
    await handle?.close()
  }
}
