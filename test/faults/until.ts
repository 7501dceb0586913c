import { setTimeout as pause } from 'node:timers/promises'

const LIMIT_MS = 60_000
const PAUSE_MS = 15

/** Looks again and again until the condition holds, at most a minute: a machine may be busy. @param what for the error that says what never came */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  limitMs = LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it never came to this: ${what}`)
    await pause(PAUSE_MS)
  }
}
