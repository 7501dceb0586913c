import type { DiskEntry, FolderSeen, LocalPath } from '../../client/sync/ports.ts'
import { mix } from './dice.ts'

/** Folders that are read while others are compared, and asked for later: in any order, and what they say may be old by then. */
export class VirtualListAhead {
  readonly #seed: number
  readonly #list: (folder: LocalPath) => Promise<DiskEntry[]>
  #read = new Map<LocalPath, DiskEntry[]>()
  #told = 0

  constructor(seed: number, list: (folder: LocalPath) => Promise<DiskEntry[]>) {
    this.#seed = seed
    this.#list = list
  }

  expect(folders: readonly FolderSeen[] | null): void {
    if (folders === null) this.#read = new Map()
    for (const { path } of folders ?? []) void this.#readOne(path, this.#read)
  }

  /** What cannot be read is left to whoever asks for it. */
  async #readOne(path: LocalPath, into: Map<LocalPath, DiskEntry[]>): Promise<void> {
    await this.#list(path).then(
      (entries) => into.set(path, entries),
      () => {},
    )
  }

  next(): LocalPath | null {
    const paths = [...this.#read.keys()]
    return paths[mix(this.#seed, 'ahead', this.#told++) % Math.max(1, paths.length)] ?? null
  }

  take(folder: LocalPath): DiskEntry[] | undefined {
    const entries = this.#read.get(folder)
    this.#read.delete(folder)
    return entries
  }
}
