/** Bytes between two flushes: less is a wait for the disk too often, more a longer one at the end. */
const FLUSH_BYTES = 32 * 1024 * 1024

/** Sends what is written to a file to the disk meanwhile, so that the wait for the disk at its end is short. Small files never need it. */
export type EarlyFlush = {
  /** @throws what the disk said to an earlier flush: a disk may say it only once, so the file is not to be trusted */
  wrote(bytes: number): void
  /** Before the file is made durable, or closed. @throws as `wrote` */
  end(): Promise<void>
}

/** @param flush waits for the disk */
export function createEarlyFlush(flush: () => Promise<void>): EarlyFlush {
  let unflushedBytes = 0
  let flushing: Promise<void> | null = null
  let failure: { error: unknown } | null = null
  const throwIfFailed = (): void => {
    if (failure !== null) throw failure.error
  }
  const start = async (): Promise<void> => {
    try {
      await flush()
    } catch (error) {
      failure ??= { error }
    }
    flushing = null
  }
  return {
    wrote: (bytes) => {
      throwIfFailed()
      unflushedBytes += bytes
      // One at a time: where the disk is the slower one, the rest is left to the end.
      if (unflushedBytes < FLUSH_BYTES || flushing !== null) return
      unflushedBytes = 0
      flushing = start()
    },
    end: async () => {
      await flushing
      throwIfFailed()
    },
  }
}
