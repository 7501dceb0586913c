import type { Api } from '../client/api.ts'
import type { NodeStateWire, Space } from '../protocol/files.ts'

/** Finds the path of a node that is known by its id. */
export type PathFinder = {
  /** Space first. What is not to be had any more ends the way up, with `…` in its place. */
  of(node: Step): Promise<string[]>
  /** What the journal told of a node: asked for no more. @returns where it was known to be before */
  learn(node: Step): string[] | null
}

type Step = Pick<NodeStateWire, 'id' | 'parentId' | 'name' | 'spaceId'>

/** Folders kept in mind; a tree has few above its files. */
const KNOWN_MAX = 20_000
const DEPTH_MAX = 1_000

/** Each folder is asked for once. */
export function createPathFinder(api: Api): PathFinder {
  const known = new Map<string, Step>()
  let spaces: Promise<Space[]> | null = null

  const spaceName = async (id: string): Promise<string> => {
    const all = await (spaces ??= api.spaces())
    return all.find((space) => space.id === id)?.name ?? '…'
  }
  const keep = (node: Step): void => {
    known.delete(node.id)
    known.set(node.id, node)
    const oldest = known.size > KNOWN_MAX ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
  }
  const find = async (id: string): Promise<Step | null> => {
    const there = known.get(id)
    if (there !== undefined) return there
    const node = await api.stat(id).catch(() => null)
    if (node !== null) keep(node)
    return node
  }
  return {
    async of(node) {
      const names: string[] = []
      let at: Step = node
      for (let depth = 0; at.parentId !== null && depth < DEPTH_MAX; depth++) {
        names.push(at.name)
        const above: Step | null = await find(at.parentId)
        if (above === null) return [await spaceName(node.spaceId), '…', ...names.toReversed()]
        at = above
      }
      return [await spaceName(node.spaceId), ...names.toReversed()]
    },
    learn(node) {
      const before = known.get(node.id)
      keep(node)
      return before === undefined ? null : nameWay(known, before)
    },
  }
}

/** The path by what is known alone; `null` where a folder above is not. */
function nameWay(known: ReadonlyMap<string, Step>, node: Step): string[] | null {
  const names: string[] = []
  let at = node
  for (let depth = 0; at.parentId !== null && depth < DEPTH_MAX; depth++) {
    names.push(at.name)
    const above = known.get(at.parentId)
    if (above === undefined) return null
    at = above
  }
  return names.toReversed()
}
