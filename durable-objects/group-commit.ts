import { AppError } from '../core/errors.ts'

/**
 * Collects what arrives while a batch is being written, and writes it as the next batch: the more callers wait, the larger the
 * batches, so that throughput rises with load instead of queueing transactions.
 *
 *     submit ─┐                ┌─ submit, submit, submit …   wait here
 *             ▼                ▼
 *         [ batch 1 ]──apply──►[ batch 2 ]──apply──►
 *
 * Invariant: at most one `apply` runs at a time, and items keep their order of arrival.
 */
export type GroupCommit<Item, Answer> = { submit(items: Item[]): Promise<Answer[]> }

export type GroupCommitLimits<Item> = {
  /** What an item counts. */
  weigh: (item: Item) => number
  /** Weight of one batch. A submission is never split. */
  maxBatch: number
  /** Weight of what waits; beyond it, `busy`. What comes alone may always wait. */
  maxWaiting: number
}

type Submission<Item, Answer> = {
  items: Item[]
  weight: number
  resolve(answers: Answer[]): void
  reject(error: unknown): void
}

export function groupCommit<Item, Answer>(
  apply: (batch: Item[]) => Promise<Answer[]>,
  limits: GroupCommitLimits<Item>,
): GroupCommit<Item, Answer> {
  let waiting: Submission<Item, Answer>[] = []
  let waitingWeight = 0
  let running = false

  async function run(): Promise<void> {
    running = true
    while (waiting.length > 0) {
      const batch = take()
      await commitTogether(batch, apply)
    }
    running = false
  }

  function take(): Submission<Item, Answer>[] {
    let weight = 0
    let count = 0
    while (count < waiting.length && (count === 0 || weight + waiting[count]!.weight <= limits.maxBatch)) {
      weight += waiting[count]!.weight
      count++
    }
    waitingWeight -= weight
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return batch
  }

  return {
    submit(items) {
      const weight = items.reduce((sum, item) => sum + limits.weigh(item), 0)
      if (waiting.length > 0 && waitingWeight + weight > limits.maxWaiting) {
        return Promise.reject(new AppError('busy', { detail: 'too many changes are waiting', retryAfterMs: 1000 }))
      }
      return new Promise((resolve, reject) => {
        waiting.push({ items, weight, resolve, reject })
        waitingWeight += weight
        if (!running) void run()
      })
    },
  }
}

/** One bad apple must not spoil the batch: when it fails for a reason that a retry will not mend, each submission is tried alone. */
async function commitTogether<Item, Answer>(
  batch: Submission<Item, Answer>[],
  apply: (batch: Item[]) => Promise<Answer[]>,
): Promise<void> {
  try {
    const answers = await apply(batch.flatMap((submission) => submission.items))
    let at = 0
    for (const submission of batch) {
      submission.resolve(answers.slice(at, at + submission.items.length))
      at += submission.items.length
    }
  } catch (error) {
    const lone = batch.length === 1 ? batch[0] : undefined
    if (lone) lone.reject(error)
    else if (error instanceof AppError && error.code !== 'internal')
      for (const submission of batch) submission.reject(error)
    else for (const submission of batch) await commitTogether([submission], apply)
  }
}
