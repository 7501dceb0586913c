import type { Move, Outcome } from './model.ts'
import type { View } from './view.ts'

export function move(_view: View, _mutation: Move): Outcome {
  throw new Error('not yet')
}
