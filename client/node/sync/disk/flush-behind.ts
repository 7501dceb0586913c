/** So much is sent to the disk while more is still coming: at the end there is little left to wait for. */
export const FLUSH_BYTES = 64 * 1024 * 1024

export type FlushBehind = {
  /** So many bytes more were written. @throws what went wrong before */
  written(bytes: number): void
  /** Nothing is under way any more. @throws what went wrong */
  end(): Promise<void>
}

/**
 * Sends what is written to a large file to the disk, beside the writing. The system tells of an error once: whoever makes the file durable later would not
 * hear of it, so the file has failed here.
 * @param flush sends all that was written so far
 */
export function createFlushBehind(flush: () => Promise<void>): FlushBehind {
  let waitingBytes = 0
  let underWay: Promise<void> | null = null
  let failure: { error: unknown } | null = null
  const throwFailure = (): void => {
    if (failure !== null) throw failure.error
  }
  return {
    written: (bytes) => {
      throwFailure()
      waitingBytes += bytes
      if (underWay !== null || waitingBytes < FLUSH_BYTES) return
      waitingBytes = 0
      underWay = flush()
        .catch((error: unknown) => void (failure = { error }))
        .finally(() => (underWay = null))
    },
    end: async () => {
      await underWay
      throwFailure()
    },
  }
}
