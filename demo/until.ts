import { setTimeout as delay } from 'node:timers/promises'

/** What was to be shown did not happen: the demo has failed, and says what. */
export class DidNotHappen extends Error {}

const WITHIN_MS = 60_000
const LOOK_EVERY_MS = 5

export type Waiting = { signal: AbortSignal; withinMs?: number }

/**
 * Looks again and again until it is so.
 * @param what is to happen, in words that go on with “did not happen”
 * @returns how long it took, in milliseconds
 * @throws DidNotHappen after a bounded time; the signal's reason
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { signal, withinMs = WITHIN_MS }: Waiting,
): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    signal.throwIfAborted()
    if (await isSo()) return performance.now() - startedAt
    if (performance.now() - startedAt > withinMs)
      throw new DidNotHappen(`${what}: this did not happen within ${withinMs / 1000} s`)
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => {})
  }
}

/** @throws DidNotHappen unless it is so now */
export function expectThat(what: string, isSo: boolean): void {
  if (!isSo) throw new DidNotHappen(`${what}: this is not so`)
}
