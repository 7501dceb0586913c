import type { Purge, Outcome } from './model.ts'
import type { View } from './view.ts'

export function purge(_view: View, _mutation: Purge): Outcome {
  throw new Error('not yet')
}
