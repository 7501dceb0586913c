import type { Device } from './device.ts'
import { bytesOf } from './script.ts'
import { Person } from './person.ts'

/** The person at a device, who counts what is saved. */
export class Hands extends Person {
  readonly device: Device

  constructor(device: Device) {
    super(device.tree, device.world.ledger.account(device.index))
    this.device = device
  }

  bytes = (number: number, size: number): Uint8Array => bytesOf(number, size)
}
