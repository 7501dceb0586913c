import type { Copy, Outcome } from './model.ts'
import type { View } from './view.ts'

export function copy(_view: View, _mutation: Copy): Outcome {
  throw new Error('not yet')
}
