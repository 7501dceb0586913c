/** All of them within the five seconds in which what a session holds open is closed (LV-8). */
const PAUSES_MS = [100, 500, 2_000]

/**
 * Tells a Durable Object something that may be told twice. A call fails when the object goes away under it, or cannot be made just then.
 * @throws what the last try threw
 */
export async function tellUntilHeard(tell: () => Promise<void>, wait: (ms: number) => Promise<void>): Promise<void> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await tell()
    } catch {
      await wait(pauseMs)
    }
  }
  return tell()
}
