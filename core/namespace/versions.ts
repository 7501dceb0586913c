import type { LabelVersion, Outcome, RestoreVersion } from './model.ts'
import type { View } from './view.ts'

export function restoreVersion(_view: View, _mutation: RestoreVersion): Outcome {
  throw new Error('not yet')
}

export function labelVersion(_view: View, _mutation: LabelVersion): Outcome {
  throw new Error('not yet')
}
