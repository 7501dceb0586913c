import { errnoOf } from '../life.ts'
import { RESTART_US } from '../device.ts'
import { forAWhile, type DeviceMove } from './move-kind.ts'

/** What befalls the process alone. */
export const PROCESS_MOVES: Record<string, DeviceMove> = {
  /** And again while it begins: what it does first must stand being broken off too. */
  'kill-twice': {
    group: 'process',
    weight: 2,
    propose: ({ dice }) => ({ n: dice.int(20_000) }),
    perform: (device, { n }) => {
      if (!device.life) throw errnoOf('ESRCH')
      device.crash('kill')
      device.scheduler.after(RESTART_US + n!, () => device.crash('kill'))
    },
  },
  /** Everything that it asked for comes late, and so do its timers. */
  starve: {
    group: 'process',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => void (device.starvedUntilUs = device.scheduler.nowUs + n!),
  },
}
