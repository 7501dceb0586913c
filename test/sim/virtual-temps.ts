import { OWN_FOLDER } from '../../client/sync/own-folder.ts'
import type { FinishedTemp, TempFile } from '../../client/sync/ports.ts'
import type { Inode } from './inode.ts'
import { errnoOf } from './life.ts'
import type { VirtualDisk } from './virtual-disk.ts'

export const TEMP_FOLDER = `${OWN_FOLDER}/tmp`

type Temp = { name: string; inode: Inode; isFinished: boolean }

/** Unfinished files of one life; what an earlier one has left lies beside them until somebody tidies. */
export class VirtualTemps {
  readonly #disk: VirtualDisk
  readonly #open = new Map<string, Temp>()
  #count = 0

  constructor(disk: VirtualDisk) {
    this.#disk = disk
  }

  create(): Promise<TempFile> {
    return this.#disk.changes('createTemp', '', () => {
      const { tree } = this.#disk
      const folder = tree.folderAt(TEMP_FOLDER)
      let name = `t${this.#count++}`
      while (folder.entries.has(name)) name = `t${this.#count++}`
      const temp = { name, inode: tree.make('file', 'engine'), isFinished: false }
      tree.link(folder, name, temp.inode)
      this.#open.set(name, temp)
      return this.#file(temp)
    })
  }

  #file(temp: Temp): TempFile {
    const disk = this.#disk
    return {
      write: (bytes) =>
        disk.changes('temp-write', temp.name, () => {
          if (bytes.length > disk.tree.roomBytes) throw errnoOf('ENOSPC')
          disk.tree.roomBytes -= bytes.length
          disk.tree.setBytes(temp.inode, Buffer.concat([temp.inode.bytes, bytes]))
        }),
      finish: ({ mtimeNs, executable }) =>
        disk.changes('temp-finish', temp.name, () => {
          temp.inode.executable = executable
          if (mtimeNs !== null) disk.tree.touch(temp.inode, inGrain(mtimeNs, disk.tree.model.grainNs))
          temp.isFinished = true
          return { token: temp.name, drop: () => this.#drop(temp) }
        }),
      drop: () => this.#drop(temp),
    }
  }

  /** Cannot fail, as far as its owner is concerned. */
  #drop(temp: Temp): Promise<void> {
    return this.#disk.life.call('temp-drop', { kind: 'pause', detail: temp.name }, () => {
      if (!this.#open.delete(temp.name)) return
      this.#remove(temp.name)
    })
  }

  #remove(name: string): void {
    const folder = this.#disk.tree.at(TEMP_FOLDER)?.inode
    if (folder?.entries.has(name)) this.#disk.tree.unlink(folder, name)
  }

  /** @throws EINVAL */
  held({ token }: FinishedTemp): Inode {
    const temp = this.#open.get(token)
    if (!temp?.isFinished) throw errnoOf('EINVAL', 'not a finished temporary file')
    return temp.inode
  }

  /** It has a name of its own now. */
  release({ token }: FinishedTemp): void {
    this.#open.delete(token)
    this.#remove(token)
  }

  tidy(): void {
    const folder = this.#disk.tree.at(TEMP_FOLDER)?.inode
    for (const name of folder?.entries.keys() ?? []) if (!this.#open.has(name)) this.#remove(name)
  }
}

/** As coarse as the file system keeps it (TM-08). */
function inGrain(mtimeNs: string, grainNs: bigint): string {
  const ns = BigInt(mtimeNs)
  return grainNs > 1n ? String(ns - (((ns % grainNs) + grainNs) % grainNs)) : mtimeNs
}
