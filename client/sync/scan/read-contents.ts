import { isSameStamp, type Item, type ItemId, type LocalState, type Stamp } from '../../../core/reconcile/item.ts'
import type { ChunkLists } from '../../content/chunk-lists.ts'
import { createChunkLister } from '../../content/list-chunks.ts'
import { localPath } from '../local-path.ts'
import type { LocalPath, StoreWriter } from '../ports.ts'
import { readContent } from './observe.ts'
import type { Restless } from './restless.ts'
import { ALWAYS_BUSY, scanFault } from './scan-faults.ts'
import { putLocal } from './scan-run.ts'
import type { ReadOutcome, ScanPorts } from './scan-types.ts'

/** Files that are read at the same time: one waits for the disk while another is hashed. */
const AT_ONCE = 3
/** Smaller files are read twice: that costs less than keeping their chunks in mind. Above what travels in batches (TF-3). */
const LISTED_BYTES = 8 * 1024 * 1024
/** A file that changed under our hands so often in a row is told to be busy (WR-05); it is tried on. */
const BUSY_AFTER = 5

export type ReadLimits = { files: number; bytes: number; signal?: AbortSignal }

/** Reads what scans have left unread or not settled. How often a file was busy is remembered between the calls. */
export type ContentReader = (limits: ReadLimits) => Promise<ReadOutcome>

type Sums = ReadOutcome

export function createContentReader({ disk, store, lists }: ScanPorts, restless: Restless): ContentReader {
  const busy = new Map<ItemId, number>()
  const readNext = async (ids: Iterator<ItemId>, limits: ReadLimits, sums: Sums): Promise<boolean> => {
    if (sums.files >= limits.files || sums.bytes >= limits.bytes) return false
    limits.signal?.throwIfAborted()
    const next = ids.next()
    if (next.done === true) return false
    const waitMs = restless.waitMs(next.value)
    if (waitMs > 0) {
      sums.restless++
      sums.dueInMs = Math.min(sums.dueInMs, waitMs)
      return true
    }
    const bytes = await readOne({ disk, store, restless, ...(lists && { lists }) }, next.value, busy)
    if (bytes === 'later') sums.left++
    else if (bytes !== 'no-file') {
      sums.files++
      sums.bytes += bytes
    }
    return true
  }
  return async (limits) => {
    const sums: Sums = { files: 0, bytes: 0, left: 0, restless: 0, dueInMs: Infinity }
    const ids = store.unread()[Symbol.iterator]()
    const worker = async (): Promise<void> => {
      let goesOn = true
      while (goesOn) goesOn = await readNext(ids, limits, sums)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return sums
  }
}

type Ports = Pick<ScanPorts, 'disk' | 'store' | 'lists'> & { restless: Restless }

/** `no-file`: what is there by now is for the next scan to tell. Else the bytes that were read. */
type ReadOne = number | 'later' | 'no-file'

async function readOne(
  { disk, store, restless, lists }: Ports,
  id: ItemId,
  busy: Map<ItemId, number>,
): Promise<ReadOne> {
  const item = store.item(id)
  const path = localPath(store, id)
  if (!item?.local || item.local.kind !== 'file' || path === null) return 'no-file'
  const reading: Reading = { id, path, seen: item.local }
  try {
    const entry = await disk.stat(path)
    if (entry === null || entry.kind !== 'file' || entry.stamp.ino !== item.local.stamp.ino) return 'no-file'
    const before = item.synced?.content ?? item.remote?.content
    const executableBefore = before?.kind === 'file' && before.executable
    const lister = lists && isEdited(item, entry.stamp) ? listerFor(lists, item, entry.stamp) : undefined
    const options = { entry, executableBefore, ...(lister && { lister }) }
    const found = await readContent(disk, path, { ...options, begun: await disk.timeNs() })
    if (found === 'changed') return noteBusy(store, reading, busy)
    if (found === 'unfilled') return 'later'
    const list = lister?.finish(found.content) ?? null
    if (list !== null) lists?.note(list)
    busy.delete(id)
    restless.read(id)
    note(store, reading, (to, { blocked: before }) =>
      putLocal(to, id, { ...reading.seen, stamp: entry.stamp, ...found }, { blocked: null, before }),
    )
    return found.isSettled ? entry.stamp.size : 'later'
  } catch (error) {
    const fault = scanFault(error)
    if (fault.is === 'fatal') throw error
    if (fault.is === 'busy') return noteBusy(store, reading, busy)
    if (fault.is === 'blocked') noteBlocked(store, reading, fault.blocked)
    return 'later'
  }
}

/** It was in step and has been written to since: then it is going to be sent, but for few. */
function isEdited({ synced }: Item, stamp: Stamp): boolean {
  if (synced?.content.kind !== 'file' || stamp.size < LISTED_BYTES) return false
  const { ino, size, mtimeNs } = synced.stamp
  return ino !== stamp.ino || size !== stamp.size || mtimeNs !== stamp.mtimeNs
}

function listerFor(lists: ChunkLists, { synced }: Item, { size }: Stamp) {
  const old = synced?.content.kind === 'file' ? lists.get(synced.content.sha256) : null
  return createChunkLister({ sizeBytes: size, old })
}

function noteBusy(store: Ports['store'], reading: Reading, busy: Map<ItemId, number>): 'later' {
  const times = (busy.get(reading.id) ?? 0) + 1
  busy.set(reading.id, times)
  if (times === BUSY_AFTER) noteBlocked(store, reading, ALWAYS_BUSY)
  return 'later'
}

const noteBlocked = (store: Ports['store'], reading: Reading, blocked: NonNullable<Item['blocked']>): void =>
  note(store, reading, (to, now) => {
    if (now.blocked?.detail !== blocked.detail) to.setBlocked(reading.id, blocked)
  })

/** What is being read, as it was known before. */
type Reading = { id: ItemId; path: LocalPath; seen: LocalState }

/** Unless a scan or a step has noted something else meanwhile. */
function note(
  store: Ports['store'],
  { id, path, seen }: Reading,
  write: (to: StoreWriter, now: Pick<Item, 'blocked'>) => void,
): void {
  const now = store.item(id)
  if (!now?.local || !isSameStamp(now.local.stamp, seen.stamp) || localPath(store, id) !== path) return
  store.write((to) => write(to, now))
}
