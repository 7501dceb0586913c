import type { ItemId, Placement } from '../../core/reconcile/item.ts'
import type { Step } from '../../core/reconcile/step.ts'

/** What has become what while the steps of one plan are done: later steps name items as they were when it was made. */
export class Aliases {
  readonly #ids = new Map<ItemId, ItemId>()

  add(from: ItemId, to: ItemId): void {
    if (from !== to) this.#ids.set(from, to)
  }

  /** A chain is as long as renamings of one item in one plan: pair, then created. */
  now(id: ItemId): ItemId {
    let at = id
    for (let next = this.#ids.get(at); next !== undefined; next = this.#ids.get(at)) at = next
    return at
  }

  place({ parent, name }: Placement): Placement {
    return { parent: this.now(parent), name }
  }

  /** The step with the ids that hold now. */
  step<S extends Exclude<Step, { do: 'pair' }>>(step: S): S {
    const now = { ...step, item: this.now(step.item) }
    if ('place' in now) now.place = this.place(now.place)
    if ('to' in now) now.to = this.place(now.to)
    return now
  }
}
