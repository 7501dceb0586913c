import { AppError, invariant } from '../errors.ts'
import type { NodeId } from '../ids.ts'
import { newFolder } from './create-folder.ts'
import { freeName } from './free-name.ts'
import type { Mutation, NodeState } from './model.ts'
import { deadAbove, folderAbove, isGone, MAX_DEPTH } from './rules.ts'
import { childOf, expectWay, knowsChild, putNode, type View } from './view.ts'

/**
 * The living folder in the place of `folder`: itself when it lives; else one of the same name in the living folder that stands in the
 * place of its parent, found or made. What survives a delete (P3, P4) is put there: just enough parents to hold it.
 * Of what was purged nothing is made anew.
 * @param known stand-ins that the mutation has found already, by the folder that each stands for; more are added
 * @throws too-large, name-taken
 */
export function standIn(
  view: View,
  mutation: Mutation,
  folder: NodeState,
  known = new Map<NodeId, NodeState>(),
): NodeState {
  const top = deadAbove(view, folder)
  if (!top) return folder
  const living = folderAbove(view, top)
  invariant(living !== null, 'the root of a space is never in the trash')
  const way: NodeState[] = []
  let from = living
  const start = isGone(view, folder) ? folderAbove(view, folder) : folder
  for (let at = start; at && at.id !== living.id; at = folderAbove(view, at)) {
    const found = known.get(at.id)
    if (found) {
      from = found
      break
    }
    way.push(at)
  }
  if (way.length > MAX_DEPTH)
    throw new AppError('too-large', { field: 'node', detail: 'it lies too deep in the trash' })
  const down = way.toReversed()
  return down.reduce((parent, { id, name }, at) => {
    if (!knowsChild(view, parent.id, name)) expectWay(view, parent.id, down.slice(at))
    const made = findOrMake(view, mutation, parent, name)
    known.set(id, made)
    return made
  }, from)
}

function findOrMake(view: View, mutation: Mutation, parent: NodeState, name: string): NodeState {
  const there = childOf(view, parent.id, name)
  if (there?.kind === 'folder') return there
  const free = there ? freeName(view, parent, name) : name
  return putNode(view, mutation, 'created', { id: view.takeId(), ...newFolder(view, parent, free) })
}
