import type { ConflictPolicy, NodeState } from './model.ts'
import { nodeOf, type View } from './view.ts'

/** What holds in `folder`: the policy of the nearest folder from it upwards that has one. */
export function conflictPolicyOf(view: View, folder: NodeState): ConflictPolicy {
  for (let at: NodeState | null = folder; at; at = at.parentId === null ? null : nodeOf(view, at.parentId))
    if (at.conflictPolicy !== null) return at.conflictPolicy
  return 'keep-both'
}
