import type { Restore, Outcome } from './model.ts'
import type { View } from './view.ts'

export function restore(_view: View, _mutation: Restore): Outcome {
  throw new Error('not yet')
}
