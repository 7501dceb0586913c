import type { NodeId } from '../../core/ids.ts'
import type { ItemId } from '../../core/reconcile/item.ts'
import type { StoreWriter } from '../../client/sync/ports.ts'
import { MemorySyncStore, type MemoryStoreData } from '../support/memory-sync-store.ts'
import type { Device } from './device.ts'
import { errnoOf } from './life.ts'

/** The store of one life; after every transaction somebody looks at what it holds now. */
export class WatchedStore extends MemorySyncStore {
  readonly #device: Device
  readonly #life: Device['life']

  constructor(root: NodeId, data: MemoryStoreData, device: Device) {
    super(root, data)
    this.#device = device
    this.#life = device.life
  }

  override write<T>(change: (to: StoreWriter) => T): T {
    if (this.#life?.isAlive === false) throw new Error('a process that is no more writes')
    if (this.#device.storeFault !== null) throw errnoOf(this.#device.storeFault)
    const result = super.write(change)
    this.#requireGround()
    this.#device.world.rules.wrote(this.#device, this)
    return result
  }

  /** I7: what is here is in a folder that is here, and nothing else there has its name. */
  #requireGround(): void {
    const { items } = this.data
    const say = (detail: string): void =>
      this.#device.world.ledger.broken('I7', `device ${this.#device.index} has ${detail}`)
    const names = new Map<string, ItemId>()
    for (const { id, local } of items.values()) {
      if (!local) continue
      const { parent, name } = local.place
      if (parent !== this.root && items.get(parent)?.local?.kind !== 'folder')
        say(`${id} in ${parent}, which is not there`)
      const other = names.get(`${parent}/${name}`)
      if (other) say(`both ${other} and ${id} at ${name}`)
      names.set(`${parent}/${name}`, id)
    }
  }
}
