import { forAWhile, type DeviceMove } from './move-kind.ts'

/** The database of a device cannot be written to for a while. */
export const STORE_MOVES: Record<string, DeviceMove> = {
  'database-in-trouble': {
    group: 'store',
    weight: 3,
    propose: ({ dice }) => ({ choice: dice.pick(['ENOSPC', 'EIO']), ...forAWhile({ dice }) }),
    perform: (device, { choice, n }) => {
      device.storeFault = choice!
      device.scheduler.after(n!, () => (device.storeFault = null))
    },
  },
}
