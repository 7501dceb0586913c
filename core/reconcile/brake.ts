import { isGoneBack } from './changes.ts'
import type { Device, Mass } from './device.ts'
import type { Item, Trees } from './item.ts'
import type { Plan } from './step.ts'

/** What becomes of so much at once: done, held until somebody answers, or not wanted (P9, I14). */
export type Held = 'go' | 'wait' | 'are-undone'

export type Brake = Readonly<Record<Mass, Held>> & { report: Plan['brake'] }

const MASSES: readonly Mass[] = ['remote', 'local', 'older']

/** Counts are of items, not of steps: the delete of a folder counts with all that is in it. */
export function brakeOf(trees: Trees, device: Device): Brake {
  const gone = trees.gone()
  const { atLeast, share, answer, lately = { local: 0, remote: 0 } } = device.brake
  const isMany = (mass: Mass, items: number): boolean => {
    const before = mass === 'older' ? 0 : lately[mass]
    return items > 0 && items + before >= atLeast && items + before > share * (gone.synced + before)
  }
  // What is gone here would be deleted there.
  const rough = { remote: gone.local, local: gone.remote, older: gone.back }
  const counts = MASSES.some((mass) => isMany(mass, rough[mass])) ? count(trees, device) : NONE
  const decide = (mass: Mass): Held => {
    if (answer[mass] === 'keep') return 'are-undone'
    return answer[mass] === 'ask' && isMany(mass, counts[mass]) ? 'wait' : 'go'
  }
  const held = { local: decide('local'), remote: decide('remote'), older: decide('older') }
  const mass = MASSES.find((some) => held[some] === 'wait')
  return { ...held, report: mass ? { mass, items: counts[mass], of: gone.synced } : null }
}

const NONE: Readonly<Record<Mass, number>> = { local: 0, remote: 0, older: 0 }

/** Without what is left alone or not selected: that is no delete. */
function count(trees: Trees, device: Device): Record<Mass, number> {
  const counts = { ...NONE }
  for (const id of trees.unsettled()) {
    const item = trees.item(id)
    const mass = item && massOf(item)
    if (!mass || device.isLeftAlone(item)) continue
    if (item.remote && !device.isSelected(item)) continue
    counts[mass]++
  }
  return counts
}

function massOf(item: Item): Mass | null {
  const { remote, local, synced } = item
  if (!synced) return null
  if (local && !remote) return 'local'
  if (remote && !local) return 'remote'
  return isGoneBack(item) ? 'older' : null
}
