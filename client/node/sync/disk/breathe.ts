import { setImmediate } from 'node:timers/promises'

const SLICE_MS = 10
let lastBreath = 0

/**
 * Looking at a file takes the system a few microseconds, handing the question to a thread and back takes ten times that. So small
 * things are done synchronously, and others get their turn at least every 10 ms through this.
 */
export async function breathe(): Promise<void> {
  if (performance.now() - lastBreath < SLICE_MS) return
  await setImmediate()
  lastBreath = performance.now()
}
