import { SyncEngine } from '../../client/sync/engine.ts'
import type { EngineParts } from '../../client/sync/engine-parts.ts'

export type RunningEngine = {
  /** Resolves when it has ended. */
  stop(): Promise<void>
  pause(): void
  resume(): void
  syncNow(): void
  answerBrake: SyncEngine['answerBrake']
  plan: SyncEngine['plan']
  repair: SyncEngine['repair']
  watcherTrouble(): string | null
}

/** The brake of a small world: the trees of the simulation have a dozen things. */
const BRAKE = { atLeast: 8, share: 0.5 }

/** @param onEnd it has ended by itself: with an error, or `null` */
export function launchEngine(parts: EngineParts, onEnd: (error: unknown) => void): RunningEngine {
  const engine = new SyncEngine({ ...parts, options: { brake: BRAKE, ...parts.options } })
  let isStopping = false
  const ended = engine.run().then(
    () => {
      if (!isStopping) onEnd(null)
    },
    (error: unknown) => onEnd(error),
  )
  return {
    stop: () => {
      isStopping = true
      engine.stop()
      return ended
    },
    pause: () => engine.pause(),
    resume: () => engine.resume(),
    syncNow: () => engine.syncNow(),
    answerBrake: (mass, answer) => engine.answerBrake(mass, answer),
    plan: () => engine.plan(),
    repair: () => engine.repair(),
    watcherTrouble: () => engine.watcherTrouble,
  }
}
