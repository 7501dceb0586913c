/** How far the source may run ahead of the work: so that totals are known early, and memory is bounded. */
const AHEAD = 2_000

/**
 * Runs `work` for each item, at most `limit` at a time, in the order of the source, which runs ahead meanwhile. The first failure,
 * of the source or of the work, ends it once what runs has ended.
 */
export async function eachAtOnce<T>(
  source: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting: T[] = []
  const state: { isOver: boolean; failure: { error: unknown } | null } = { isOver: false, failure: null }
  let wake = Promise.withResolvers<void>()
  const poke = () => {
    wake.resolve()
    wake = Promise.withResolvers<void>()
  }
  const fail = (error: unknown) => {
    state.failure ??= { error }
    poke()
  }

  const produce = async () => {
    for await (const item of source) {
      waiting.push(item)
      poke()
      while (waiting.length >= AHEAD && state.failure === null) await wake.promise
      if (state.failure !== null) break
    }
  }
  const consume = async () => {
    while (state.failure === null) {
      const item = waiting.shift()
      if (item === undefined) {
        if (state.isOver) return
        await wake.promise
        continue
      }
      poke()
      await work(item)
    }
  }
  const producing = produce()
    .catch(fail)
    .finally(() => {
      state.isOver = true
      poke()
    })
  await Promise.all([producing, ...Array.from({ length: limit }, () => consume().catch(fail))])
  if (state.failure !== null) throw state.failure.error
}
