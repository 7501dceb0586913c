import { invariant } from '../errors.ts'
import { newFolder } from './create-folder.ts'
import { freeName } from './free-name.ts'
import type { Mutation, NodeState } from './model.ts'
import { deadAbove } from './rules.ts'
import { childOf, nodeOf, putNode, type View } from './view.ts'

/**
 * The living folder in the place of `folder`: itself when it lives; else one of the same name in the living folder that stands in the
 * place of its parent, found or made. What survives a delete (P3, P4) is put there: just enough parents to hold it.
 */
export function standIn(view: View, mutation: Mutation, folder: NodeState): NodeState {
  const names: string[] = []
  let at = folder
  // From the topmost dead folder downwards there is nothing alive, so the way up ends at its parent.
  for (const top = deadAbove(view, folder); top; ) {
    names.push(at.name)
    const isTop = at.id === top.id
    invariant(at.parentId !== null, 'the root of a space is never in the trash')
    const parent = nodeOf(view, at.parentId)
    invariant(parent !== null, 'a folder above a node is there')
    at = parent
    if (isTop) break
  }
  return names.toReversed().reduce((parent, name) => findOrMake(view, mutation, parent, name), at)
}

function findOrMake(view: View, mutation: Mutation, parent: NodeState, name: string): NodeState {
  const there = childOf(view, parent.id, name)
  if (there?.kind === 'folder') return there
  const free = there ? freeName(view, parent, name) : name
  return putNode(view, mutation, 'created', { id: view.takeId(), ...newFolder(view, parent, free) })
}
