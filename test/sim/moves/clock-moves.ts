import { forAWhile, type DeviceMove, type ServerMove } from './move-kind.ts'

/** Clocks that run too fast, or are set, on devices and on the server. */
export const CLOCK_MOVES: Record<string, DeviceMove> = {
  'clock-fast': {
    group: 'clocks',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => {
      device.runsFast(10)
      device.scheduler.after(n!, () => device.runsFast(1))
    },
  },
}

export const SERVER_CLOCK_MOVES: Record<string, ServerMove> = {
  'server-clock-jump': {
    group: 'clocks',
    weight: 2,
    propose: ({ dice }) => ({ n: Math.round((dice.fraction() - 0.5) * 2e11) }),
    perform: ({ cloud }, { n }) => void (cloud.skewMs += n!),
  },
}
