import { errnoOf } from '../life.ts'
import { GOOD_WATCH } from '../virtual-watcher.ts'
import { forAWhile, inFolder, someFolder, someName, type DeviceMove } from './move-kind.ts'
import type { Device } from '../device.ts'
import type { WatchModel } from '../virtual-watcher.ts'

/** What watchers say that is not so, or too late (NM-10, WA-01). */
export const HINT_MOVES: Record<string, DeviceMove> = {
  'hint-wrong': {
    group: 'hints',
    weight: 2,
    propose: ({ device, dice }) => ({ path: inFolder(someFolder(device, dice), someName(device, dice)) }),
    perform: ({ tree }, { path }) => tree.onChange(path!),
  },
  'hints-overflow': {
    group: 'hints',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => watches(device, { ...GOOD_WATCH, overflow: 1 }, n!),
  },
  'hints-late': {
    group: 'hints',
    weight: 2,
    propose: forAWhile,
    perform: (device, { n }) => watches(device, { ...GOOD_WATCH, delayUs: 5_000_000 }, n!),
  },
}

function watches(device: Device, model: WatchModel, forUs: number): void {
  if (device.watch.trouble !== null) throw errnoOf('ENOSPC')
  device.watch = model
  device.scheduler.after(forUs, () => (device.watch = device.config.watch))
}
