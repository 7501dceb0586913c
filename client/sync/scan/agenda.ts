import type { Disk, LocalPath } from '../ports.ts'
import type { FolderToList } from './scan-run.ts'

/**
 * The folders that are to be listed: the last one that turned up first, so that few are waiting at a time. What the disk has read beside goes before: what
 * is below it is then known the sooner, and there is always something to read.
 */
export class Agenda {
  readonly #stack: FolderToList[] = []
  readonly #disk: Disk
  readonly #readsAhead: boolean
  /** Those that the disk was told to expect, as long as they are not listed. */
  readonly #expected = new Map<LocalPath, FolderToList>()
  /** Out of their turn: they are on the stack still. */
  readonly #taken = new Set<FolderToList>()
  #new: FolderToList[] = []

  /** @param readsAhead is worth while where there are many */
  constructor(disk: Disk, { readsAhead }: { readsAhead: boolean }) {
    this.#disk = disk
    this.#readsAhead = readsAhead
  }

  push(...folders: FolderToList[]): void {
    this.#stack.push(...folders)
    if (this.#readsAhead) this.#new.push(...folders)
  }

  next(): FolderToList | undefined {
    if (!this.#readsAhead) return this.#stack.pop()
    this.#expectNew()
    const path = this.#disk.expectedNext()
    return path === null ? this.#pop() : this.#take(path)
  }

  /** Nothing is listed any more. */
  end(): void {
    if (this.#readsAhead) this.#disk.expect(null)
  }

  #expectNew(): void {
    if (this.#new.length === 0) return
    // One path can turn up twice, when what lies there is another folder meanwhile.
    const folders = this.#new.filter(({ path }) => !this.#expected.has(path))
    for (const folder of folders) this.#expected.set(folder.path, folder)
    this.#disk.expect(folders)
    this.#new = []
  }

  #pop(): FolderToList | undefined {
    for (let folder = this.#stack.pop(); folder !== undefined; folder = this.#stack.pop()) {
      if (this.#taken.delete(folder)) continue
      if (this.#expected.get(folder.path) === folder) this.#expected.delete(folder.path)
      return folder
    }
    return undefined
  }

  #take(path: LocalPath): FolderToList | undefined {
    const folder = this.#expected.get(path)
    if (folder === undefined) return this.#pop()
    this.#expected.delete(path)
    this.#taken.add(folder)
    return folder
  }
}
