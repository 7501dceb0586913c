import { Decider } from './decider.ts'
import type { Device } from './device.ts'
import type { ItemId, Trees } from './item.ts'
import { Lineup } from './lineup.ts'
import { Moment } from './moment.ts'
import type { Plan } from './step.ts'
import { run } from './task.ts'

/**
 * What brings the three trees together (docs/spec/reconcile.md): a function of them and of the device, of no clock and no dice. Its steps can be done
 * in their order from the trees as they are; when they are done, or only some of them, the next plan goes on. Linear in the number of
 * unsettled items and what they touch.
 */
export function plan(trees: Trees, device: Device): Plan {
  const moment = new Moment(trees, device)
  const lineup = new Lineup(moment, new Decider(moment))
  for (const id of concerned(trees, device)) {
    if (device.isOnItsWay?.(id)) continue
    if (lineup.isFull) return { steps: lineup.steps, brake: moment.brake.report, more: true }
    run(lineup.perform(id))
  }
  return { steps: lineup.steps, brake: moment.brake.report, more: lineup.isCut }
}

function* concerned(trees: Trees, { unselected = [] }: Device): Generator<ItemId> {
  yield* trees.unsettled()
  yield* unselected
}
