import type { NodeId } from '../../core/ids.ts'
import type { Item, ItemId } from '../../core/reconcile/item.ts'
import { sha256Of } from '../../client/content/sha256.ts'
import { shownPath } from '../../client/sync/local-path.ts'
import type { Disk } from '../../client/sync/ports.ts'
import { createScanner, type Scanner } from '../../client/sync/scan/scanner.ts'
import type { ScanLimits, ScanOutcome } from '../../client/sync/scan/scan-types.ts'
import { butDisk } from './but.ts'
import { MemorySyncStore } from './memory-sync-store.ts'
import { nodeDiskWorld, type NodeDiskWorld } from './node-disk-world.ts'

/** A real disk, a store in memory, and what a scan makes of them. */
export type ScanWorld = {
  disk: NodeDiskWorld['disk']
  user: NodeDiskWorld['user']
  store: MemorySyncStore
  /** Of the clock. */
  wait(ms: number): void
  scanner(disk?: Disk, limits?: Partial<ScanLimits>): Scanner
  scanned(by?: Scanner): Promise<ScanOutcome & { is: 'done' }>
  /** A disk that does some things otherwise. */
  withDisk(over: Partial<Disk>): Disk
  items(): Item[]
  idAt(path: string): ItemId
  /** The local tree: `path content`. */
  tree(): string[]
  /** Who is where, by what each was called when all was synchronised. */
  whoIsWhere(): string[]
  /** Names that end in `/` are folders. */
  put(files: Record<string, string>): Promise<void>
  /** Puts them, scans, and goes on as if all that is there had been sent. */
  startWith(files: Record<string, string>): Promise<void>
  close(): Promise<void>
}

export const hashOf = (text: string): string => sha256Of(Buffer.from(text)).slice(0, 6)

export function failing(code: string): never {
  throw Object.assign(new Error(code), { code })
}

/** @param by how each scanner is limited that is not told otherwise */
export async function scanWorld(by: Partial<ScanLimits> = {}): Promise<ScanWorld> {
  const { disk, user, close } = await nodeDiskWorld()
  const store = new MemorySyncStore('root' as NodeId)
  store.write((to) => to.setMeta('rootMarker', 'root-1'))
  let nowMs = 1_000_000
  const scanner: ScanWorld['scanner'] = (from = disk, limits = by) =>
    createScanner({ disk: from, store, clock: { now: () => nowMs } }, limits)
  const scanned: ScanWorld['scanned'] = async (by = scanner()) => {
    const outcome = await by.full()
    if (outcome.is !== 'done') throw new Error('the root is not proven')
    return outcome
  }
  const put: ScanWorld['put'] = async (files) => {
    for (const [path, text] of Object.entries(files)) {
      if (path.endsWith('/')) await user.makeFolder(path.slice(0, -1))
      else await user.write(path, text)
    }
  }
  return {
    disk,
    user,
    store,
    close,
    scanner,
    scanned,
    put,
    wait: (ms) => {
      nowMs += ms
    },
    withDisk: (over) => butDisk(disk, over),
    ...showing(store),
    startWith: async (files) => {
      await put(files)
      await scanned()
      synchronise(store)
    },
  }
}

function showing(store: MemorySyncStore): Pick<ScanWorld, 'items' | 'idAt' | 'tree' | 'whoIsWhere'> {
  const items = () => itemsOf(store)
  const pathOf = ({ id }: Item) => shownPath(store, id)
  return {
    items,
    idAt: (path) => {
      const found = items().find((item) => pathOf(item) === path)
      if (found === undefined) throw new Error(`${path} is not in the tree`)
      return found.id
    },
    tree: () =>
      items()
        .map((item) => `${pathOf(item)} ${textOf(item)}`)
        .sort(),
    whoIsWhere: () =>
      items()
        .map((item) => `${item.synced?.localName ?? 'new'} at ${pathOf(item)}`)
        .sort(),
  }
}

function itemsOf(store: MemorySyncStore): Item[] {
  const all: Item[] = []
  const below = [...store.children('local', store.root)]
  for (const id of below) {
    all.push(store.item(id) as Item)
    below.push(...store.children('local', id))
  }
  return all
}

function textOf({ local }: Item): string {
  const content = local?.content
  if (content?.kind === 'file') return content.sha256.slice(0, 6)
  return content?.kind === 'symlink' ? `→ ${content.target}` : (content?.kind ?? 'unknown')
}

function synchronise(store: MemorySyncStore): void {
  const items = itemsOf(store)
  store.write((to) => {
    for (const { id, local } of items) {
      if (!local?.content) continue
      const { place, content, stamp } = local
      const revisions = { contentRevision: 1, placementRevision: 1 }
      to.setRemote(id, { place, content, ...revisions, mtimeNs: null })
      to.setSynced(id, { place, localName: place.name, content, ...revisions, stamp })
    }
  })
}
