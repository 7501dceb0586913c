import type { NodeId } from '../../core/ids.ts'
import type { StoreWriter } from '../../client/sync/ports.ts'
import { MemorySyncStore, type MemoryStoreData } from '../support/memory-sync-store.ts'
import type { Device } from './device.ts'

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
    const result = super.write(change)
    this.#requireGround()
    this.#device.world.rules.wrote(this.#device, this)
    return result
  }

  /** I7: what is here is in a folder that is here. */
  #requireGround(): void {
    const { items } = this.data
    for (const { id, local } of items.values()) {
      const parent = local?.place.parent
      if (parent === undefined || parent === this.root || items.get(parent)?.local?.kind === 'folder') continue
      const { ledger } = this.#device.world
      ledger.broken('I7', `device ${this.#device.index} has ${id} in ${parent}, which is not there`)
    }
  }
}
