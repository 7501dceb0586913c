import type { SetAttributes, Outcome } from './model.ts'
import type { View } from './view.ts'

export function setAttributes(_view: View, _mutation: SetAttributes): Outcome {
  throw new Error('not yet')
}
