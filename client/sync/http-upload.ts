import { AppError } from '../../core/errors.ts'
import { isSameStamp, type Stamp } from '../../core/reconcile/item.ts'
import type { MutationResult } from '../../protocol/files.ts'
import type { FileOutcome, UploadItem } from '../transfer/events.ts'
import type { FileIdentity, FileSource, OpenedFile } from '../transfer/file-source.ts'
import { uploadTree } from '../transfer/upload.ts'
import type { HttpRemoteOptions } from './http-remote.ts'
import type { Disk, DiskEntry, LocalPath, Remote, UploadFile } from './ports.ts'

type Answers = ReturnType<Remote['upload']>

/** Two of these may run at once; each holds so much of what it sends. */
const MEMORY_BYTES = 24 * 1024 * 1024

/** Files through the transfer engine of the client: batches, packs, chunks that the server lacks; taken up where an earlier run stopped. */
export async function* uploadFilesOver(options: HttpRemoteOptions, files: UploadFile[], signal?: AbortSignal): Answers {
  const { disk, up, journal } = options
  const api = signal === undefined ? options.api : options.api.with({ signal })
  const byPath = new Map(files.map((file) => [file.path, file]))
  const source = diskSource(disk, byPath, (bytes) => up.take(bytes, signal))
  const settings = { files: source, memoryBytes: MEMORY_BYTES, ...(journal === undefined ? {} : { journal }) }
  for await (const event of uploadTree(api, itemsOf(files), settings)) {
    if (event.kind !== 'file') continue
    const file = byPath.get(event.item.path)
    if (file === undefined) continue
    const chunks = event.outcome.is === 'applied' ? event.outcome.chunks : undefined
    yield { item: file.item, result: resultOf(file, event.outcome), ...(chunks && { chunks }) }
  }
}

async function* itemsOf(files: readonly UploadFile[]): AsyncGenerator<UploadItem> {
  for (const { path, stamp, mutation, init, sha256, chunks } of files)
    yield {
      path,
      sizeBytes: stamp.size,
      mtimeNs: stamp.mtimeNs,
      executable: init.executable,
      target: init.target,
      base: init.base,
      sha256,
      ...(chunks && { chunks }),
      mutationId: mutation,
    }
}

function resultOf({ mutation }: UploadFile, outcome: FileOutcome): Awaited<AnswerResult> {
  switch (outcome.is) {
    case 'applied':
      return { mutationId: mutation, outcome: 'applied', seq: outcome.node.changedSeq, node: outcome.node }
    case 'conflict': {
      const { node, originalId } = outcome
      return { mutationId: mutation, outcome: 'conflict', seq: node.changedSeq, node, original: originalId }
    }
    case 'rejected': {
      const { code, detail } = outcome
      return { mutationId: mutation, outcome: 'rejected', problem: { code, status: 409, ...(detail && { detail }) } }
    }
    case 'failed':
      return { outcome: 'failed', error: outcome.error }
    case 'busy':
    case 'unchanged':
      return { outcome: 'failed', error: changed() }
  }
}
type AnswerResult = MutationResult | { outcome: 'failed'; error: unknown }

const changed = (): AppError =>
  new AppError('precondition-failed', { detail: 'the file has changed since it was looked at' })

/** Waits until so many bytes may go. */
type Pace = (bytes: number) => Promise<void>

/** The files of the root, each only as it was when it was planned: what has changed since is planned anew (WR-02). */
function diskSource(disk: Disk, files: ReadonlyMap<LocalPath, UploadFile>, pace: Pace): FileSource {
  return {
    open: async (path) => {
      const expected = files.get(path)?.stamp
      const entry = await disk.stat(path)
      if (entry?.kind !== 'file' || expected === undefined || !isSameStamp(entry.stamp, expected)) throw changed()
      return openedFile(disk, { path, entry }, pace)
    },
  }
}

function openedFile(disk: Disk, opened: { path: LocalPath; entry: DiskEntry }, pace: Pace): OpenedFile {
  const { path } = opened
  /** What was looked at to open it tells how it was at first: a look costs one at each folder above. */
  let first: DiskEntry | null = opened.entry
  return {
    identify: async () => {
      const entry = first ?? (await disk.stat(path))
      first = null
      if (entry === null) throw changed()
      return identityOf(entry.stamp)
    },
    read: () => readPaced(disk.read(path), pace),
    readRange: (from, to) => readPaced(disk.read(path, { from, to }), pace),
    close: async () => {},
  }
}

const identityOf = ({ ino, size, mtimeNs, ctimeNs }: Stamp): FileIdentity => ({
  ino,
  sizeBytes: size,
  mtimeNs,
  ctimeNs,
})

async function* readPaced(pieces: AsyncIterable<Uint8Array>, pace: Pace): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of pieces) {
      await pace(piece.length)
      yield piece
    }
  } catch (error) {
    // `busy` of a disk is not the server's: it ends this file, and not all of them.
    throw error instanceof AppError ? changed() : error
  }
}
