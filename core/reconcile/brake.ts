import type { Device, Direction } from './device.ts'
import type { Item, Trees } from './item.ts'
import type { Plan } from './step.ts'

/** What becomes of deletes in one direction: done, held until somebody answers, or undone (P9, I14). */
export type Deletes = 'go' | 'wait' | 'are-undone'

export type Brake = Readonly<Record<Direction, Deletes>> & { report: Plan['brake'] }

/** Counts are of items, not of steps: the delete of a folder counts with all that is in it. */
export function brakeOf(trees: Trees, device: Device): Brake {
  const gone = trees.gone()
  const { atLeast, share, answer } = device.brake
  const isMany = (deletes: number): boolean => deletes >= Math.max(1, atLeast) && deletes > share * gone.synced
  // What is gone here would be deleted there.
  const rough = { remote: gone.local, local: gone.remote }
  const deletes = isMany(rough.remote) || isMany(rough.local) ? countDeletes(trees, device) : { local: 0, remote: 0 }
  const decide = (direction: Direction): Deletes => {
    if (answer[direction] === 'keep') return 'are-undone'
    return answer[direction] === 'ask' && isMany(deletes[direction]) ? 'wait' : 'go'
  }
  const held = { local: decide('local'), remote: decide('remote') }
  const direction = (['remote', 'local'] as const).find((some) => held[some] === 'wait')
  return { ...held, report: direction ? { direction, deletes: deletes[direction], of: gone.synced } : null }
}

/** Without what is left alone or not selected: that is no delete. */
function countDeletes(trees: Trees, device: Device): Record<Direction, number> {
  const count = { local: 0, remote: 0 }
  for (const id of trees.unsettled()) {
    const item = trees.item(id)
    const direction = item && directionOf(item)
    if (!direction || device.isLeftAlone(item)) continue
    if (item.remote && !device.isSelected(item)) continue
    count[direction]++
  }
  return count
}

function directionOf({ remote, local, synced }: Item): Direction | null {
  if (!synced) return null
  if (local && !remote) return 'local'
  return remote && !local ? 'remote' : null
}
