import type { BrakeAnswer, Mass } from '../../core/reconcile/device.ts'
import type { SyncStore } from './ports.ts'

export type BrakeAnswers = Record<Mass, BrakeAnswer>

const ASK: BrakeAnswers = { local: 'ask', remote: 'ask', older: 'ask' }

/** What somebody answered to the brake. It outlives a restart, and holds until what it was about is done (P9). */
export function readBrakeAnswers(store: SyncStore): BrakeAnswers {
  const text = store.meta('brake-answer')
  if (text === null) return ASK
  const [local, remote, older] = text.split(' ') as BrakeAnswer[]
  return { local: local ?? 'ask', remote: remote ?? 'ask', older: older ?? 'ask' }
}

export function writeBrakeAnswer(store: SyncStore, mass: Mass, answer: BrakeAnswer): void {
  const { local, remote, older }: BrakeAnswers = { ...readBrakeAnswers(store), [mass]: answer }
  store.write((to) => to.setMeta('brake-answer', `${local} ${remote} ${older}`))
}

/** Done: the next mass is a question of its own. @returns whether there was an answer */
export function forgetBrakeAnswers(store: SyncStore): boolean {
  if (store.meta('brake-answer') === null) return false
  const { local, remote, back } = store.gone()
  if (local + remote + back > 0) return false
  store.write((to) => to.setMeta('brake-answer', null))
  return true
}
