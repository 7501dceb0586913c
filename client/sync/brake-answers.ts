import type { BrakeAnswer, Direction } from '../../core/reconcile/device.ts'
import type { SyncStore } from './ports.ts'

export type BrakeAnswers = { local: BrakeAnswer; remote: BrakeAnswer }

const ASK: BrakeAnswers = { local: 'ask', remote: 'ask' }

/** What somebody answered to the brake. It outlives a restart, and holds until what it was about is done (P9). */
export function readBrakeAnswers(store: SyncStore): BrakeAnswers {
  const text = store.meta('brake-answer')
  if (text === null) return ASK
  const [local, remote] = text.split(' ') as BrakeAnswer[]
  return { local: local ?? 'ask', remote: remote ?? 'ask' }
}

/** @param direction the side that would lose what is gone on the other */
export function writeBrakeAnswer(store: SyncStore, direction: Direction, answer: BrakeAnswer): void {
  const { local, remote }: BrakeAnswers = { ...readBrakeAnswers(store), [direction]: answer }
  store.write((to) => to.setMeta('brake-answer', local === 'ask' && remote === 'ask' ? null : `${local} ${remote}`))
}

/** Done: the next mass of deletes is a question of its own. */
export function forgetBrakeAnswers(store: SyncStore): void {
  if (store.meta('brake-answer') === null) return
  const { local, remote } = store.gone()
  if (local === 0 && remote === 0) store.write((to) => to.setMeta('brake-answer', null))
}
