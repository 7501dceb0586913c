import { close, constants, fsync, open } from 'node:fs'
import { promisify } from 'node:util'
import { breathe } from './breathe.ts'

/** More would hold up the first of them for too long. */
const BATCH = 512
/** Waits for the disk that are under way together. */
const AT_ONCE = 16

const [fsyncAsync, openAsync, closeAsync] = [promisify(fsync), promisify(open), promisify(close)]

/** `sync`: a file that must be durable before it gets its name. `apply`: changes names, without waiting; says in which folders. */
export type NameChange<T> = { sync: number | null; apply(): { value: T; folders: string[] } }

/** Resolves when the change is durable; rejects with what `apply` threw, or when the disk failed: then it may or may not have happened. */
export type GroupCommit = <T>(change: NameChange<T>) => Promise<T>

type Waiting = { change: NameChange<unknown>; resolve(value: unknown): void; reject(error: unknown): void }

/**
 * Makes changes of names durable, many at a time. While one batch waits for the disk the next one gathers, so that the number of
 * waits follows the disk and not the number of files:
 *
 *     fsync every file of the batch ──► link and rename, one after the other ──► fsync every folder once ──► answer all
 *
 * A file has no name before its bytes are durable, and nobody is told before the name is.
 */
export function createGroupCommit(): GroupCommit {
  const queue: Waiting[] = []
  let isRunning = false
  const run = async (): Promise<void> => {
    isRunning = true
    // Whoever else changes something in this turn comes along.
    await Promise.resolve()
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH)
      await commitBatch(batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error)
      })
    }
    isRunning = false
  }
  return <T>(change: NameChange<T>) =>
    new Promise<T>((resolve, reject) => {
      queue.push({ change, resolve: resolve as (value: unknown) => void, reject })
      if (!isRunning) void run()
    })
}

async function commitBatch(batch: Waiting[]): Promise<void> {
  const failed = new Set<Waiting>()
  await together(batch, async (waiting) => {
    if (waiting.change.sync === null) return
    await fsyncAsync(waiting.change.sync).catch((error: unknown) => {
      failed.add(waiting)
      waiting.reject(error)
    })
  })
  const done: { waiting: Waiting; value: unknown; folders: string[] }[] = []
  for (const waiting of batch) {
    if (failed.has(waiting)) continue
    try {
      done.push({ waiting, ...waiting.change.apply() })
    } catch (error) {
      waiting.reject(error)
    }
    await breathe()
  }
  const broken = await syncFolders(new Set(done.flatMap(({ folders }) => folders)))
  for (const { waiting, value, folders } of done) {
    const folder = folders.find((path) => broken.has(path))
    if (folder === undefined) waiting.resolve(value)
    else waiting.reject(broken.get(folder))
  }
}

/** @returns the error of each folder that could not be made durable */
async function syncFolders(folders: ReadonlySet<string>): Promise<Map<string, unknown>> {
  const broken = new Map<string, unknown>()
  if (process.platform === 'win32') return broken
  await together([...folders], async (folder) => {
    // A folder that may be written but not read cannot be opened; the name is in its place all the same.
    const fd = await openAsync(folder, constants.O_RDONLY | constants.O_DIRECTORY).catch(() => null)
    if (fd === null) return
    await fsyncAsync(fd).catch((error: unknown) => broken.set(folder, error))
    await closeAsync(fd)
  })
  return broken
}

async function together<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
}
