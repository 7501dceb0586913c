import type { Trash, Outcome } from './model.ts'
import type { View } from './view.ts'

export function trash(_view: View, _mutation: Trash): Outcome {
  throw new Error('not yet')
}
