import type { ResolveConflict, Outcome } from './model.ts'
import type { View } from './view.ts'

export function resolveConflict(_view: View, _mutation: ResolveConflict): Outcome {
  throw new Error('not yet')
}
