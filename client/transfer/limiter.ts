/** Lets at most `limit` pieces of work run at once; the others wait in order. */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>

export function createLimiter(limit: number): Limiter {
  let running = 0
  const waiting: (() => void)[] = []
  const enter = (): Promise<void> | void => {
    if (running < limit) {
      running++
      return
    }
    return new Promise((resolve) => waiting.push(resolve))
  }
  const leave = (): void => {
    const next = waiting.shift()
    // The place is handed on, so that nobody can slip in between.
    if (next === undefined) running--
    else next()
  }
  return async (work) => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}

/** Bytes that may be held at once. A request larger than the whole budget is let in alone. */
export type ByteBudget = {
  take(bytes: number): Promise<void>
  give(bytes: number): void
}

export function createByteBudget(totalBytes: number): ByteBudget {
  let free = totalBytes
  const waiting: { bytes: number; enter: () => void }[] = []
  const fits = (bytes: number): boolean => bytes <= free || free === totalBytes
  return {
    take: (bytes) => {
      if (waiting.length === 0 && fits(bytes)) {
        free -= bytes
        return Promise.resolve()
      }
      return new Promise((enter) => waiting.push({ bytes, enter }))
    },
    give: (bytes) => {
      free += bytes
      for (let first = waiting[0]; first !== undefined && fits(first.bytes); first = waiting[0]) {
        waiting.shift()
        free -= first.bytes
        first.enter()
      }
    },
  }
}
