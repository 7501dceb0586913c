import type { NodeId } from '../../core/ids.ts'
import { mkdir, type world } from './namespace-world.ts'

/** Folders inside one another, so many levels below `top`, the root by default. @returns the lowest and the topmost */
export function deepFolders(
  { commit, root }: Pick<ReturnType<typeof world>, 'commit' | 'root'>,
  levels: number,
  top: NodeId = root,
): [lowest: NodeId, topmost: NodeId] {
  const made: NodeId[] = []
  for (let level = 1; level <= levels; level++) {
    const [outcome] = commit(mkdir(`${top} level ${level}`, made.at(-1) ?? top, `level ${level}`))
    if (outcome?.outcome !== 'applied') throw new Error(`level ${level}: ${JSON.stringify(outcome)}`)
    made.push(outcome.node.id)
  }
  return [made.at(-1)!, made[0]!]
}
