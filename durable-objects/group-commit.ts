import { AppError, invariant } from '../core/errors.ts'

/**
 * Collects what arrives while a batch is being written, and writes it as the next batch: the more callers wait, the larger the
 * batches, so that throughput rises with load instead of queueing transactions.
 *
 *     submit ─┐                ┌─ submit, submit, submit …   wait here
 *             ▼                ▼
 *         [ batch 1 ]──apply──►[ batch 2 ]──apply──►
 *
 * `apply` may answer the first few of a batch only, since some changes want a transaction of their own. What is left of a submission
 * that was begun goes behind all who wait, what was not begun stays in front: so thousands of such changes of one caller make the
 * others wait for one of them, and each gets on with every second batch at least.
 *
 * Invariant: at most one `apply` runs at a time, and the items of a submission keep their order.
 */
export type GroupCommit<Item, Answer> = { submit(items: Item[]): Promise<Answer[]> }

export type GroupCommitLimits<Item> = {
  /** What an item counts. */
  weigh: (item: Item) => number
  /** Weight of one batch. A submission is split by nobody but `apply`. */
  maxBatch: number
  /** Weight of what waits; beyond it, `busy`. What comes alone may always wait. */
  maxWaiting: number
}

type Submission<Item, Answer> = {
  /** Those that have no answer yet, and what they weigh. */
  items: Item[]
  weight: number
  answers: Answer[]
  resolve(answers: Answer[]): void
  reject(error: unknown): void
}

/** Submissions with items left: whether this batch answered any of theirs. */
type Left<Item, Answer> = { untouched: Submission<Item, Answer>[]; begun: Submission<Item, Answer>[] }

export function groupCommit<Item, Answer>(
  apply: (batch: Item[]) => Promise<Answer[]>,
  limits: GroupCommitLimits<Item>,
): GroupCommit<Item, Answer> {
  let waiting: Submission<Item, Answer>[] = []
  let waitingWeight = 0
  let running = false

  async function run(): Promise<void> {
    running = true
    while (waiting.length > 0) putBack(await commitTogether(take(), apply))
    running = false
  }

  function putBack({ untouched, begun }: Left<Item, Answer>): void {
    for (const submission of [...untouched, ...begun]) waitingWeight += submission.weight = weightOf(submission.items)
    waiting = [...untouched, ...waiting, ...begun]
  }

  const weightOf = (items: readonly Item[]): number => items.reduce((sum, item) => sum + limits.weigh(item), 0)

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
      const weight = weightOf(items)
      if (waiting.length > 0 && waitingWeight + weight > limits.maxWaiting) {
        return Promise.reject(new AppError('busy', { detail: 'too many changes are waiting', retryAfterMs: 1000 }))
      }
      return new Promise((resolve, reject) => {
        waiting.push({ items, weight, answers: [], resolve, reject })
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
): Promise<Left<Item, Answer>> {
  const left: Left<Item, Answer> = { untouched: [], begun: [] }
  try {
    const answers = await apply(batch.flatMap((submission) => submission.items))
    invariant(answers.length > 0, 'the first of a batch is answered')
    giveOut(answers, batch, left)
  } catch (error) {
    const lone = batch.length === 1 ? batch[0] : undefined
    if (lone) lone.reject(error)
    else if (error instanceof AppError && error.code !== 'internal')
      for (const submission of batch) submission.reject(error)
    else for (const submission of batch) left.begun.push(...(await commitTogether([submission], apply)).begun)
  }
  return left
}

function giveOut<Item, Answer>(
  answers: readonly Answer[],
  batch: readonly Submission<Item, Answer>[],
  left: Left<Item, Answer>,
): void {
  let at = 0
  for (const submission of batch) {
    const own = answers.slice(at, at + submission.items.length)
    at += own.length
    submission.answers = [...submission.answers, ...own]
    submission.items = submission.items.slice(own.length)
    if (submission.items.length === 0) submission.resolve(submission.answers)
    else (own.length > 0 ? left.begun : left.untouched).push(submission)
  }
}
