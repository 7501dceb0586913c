import type { LocalPath, Watcher } from '../../client/sync/ports.ts'
import { chanceOf } from './dice.ts'
import type { InodeTree } from './inode-tree.ts'
import type { Life } from './life.ts'

/** How hints reach the engine: as a share of them. */
export type WatchModel = { lost: number; doubled: number; overflow: number; delayUs: number; trouble: string | null }

export const GOOD_WATCH: WatchModel = { lost: 0, doubled: 0, overflow: 0, delayUs: 5_000, trouble: null }

/** Hints of one life: late, lost, doubled, out of order, or "anything may have changed". */
export class VirtualWatcher implements Watcher {
  readonly #tree: InodeTree
  readonly #life: Life
  readonly #model: () => WatchModel
  #count = 0

  constructor(tree: InodeTree, life: Life, model: () => WatchModel) {
    this.#tree = tree
    this.#life = life
    this.#model = model
  }

  async start(onHint: (folder: LocalPath | null) => void) {
    const { trouble } = this.#model()
    await this.#life.call('watch', { kind: 'pause' }, () => {
      if (trouble === null) this.#tree.onChange = (folder) => this.#changed(folder, onHint)
    })
    return {
      stop: async (): Promise<void> => {
        if (this.#life.isAlive) this.#tree.onChange = () => {}
      },
      trouble,
    }
  }

  #changed(folder: LocalPath, onHint: (folder: LocalPath | null) => void): void {
    const { seed, index, scheduler } = this.#life.host
    const { lost, doubled, overflow, delayUs } = this.#model()
    const roll = chanceOf(seed, 'hint', index, ++this.#count)
    if (roll < lost) return
    const hint = chanceOf(seed, 'hint overflow', index, this.#count) < overflow ? null : folder
    const times = chanceOf(seed, 'hint twice', index, this.#count) < doubled ? 2 : 1
    for (let time = 0; time < times; time++) {
      const delay = delayUs * (0.2 + 2 * chanceOf(seed, 'hint late', index, this.#count, time))
      scheduler.after(delay, () => {
        if (this.#life.isAlive) onHint(hint)
      })
    }
  }
}
