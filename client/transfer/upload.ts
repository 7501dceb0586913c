import { chunkingRuleFor } from '../../core/chunking.ts'
import { BATCH_MAX_FILES } from '../../protocol/files.ts'
import type { Api } from '../api.ts'
import { createChunkSlots } from '../content/chunk-slots.ts'
import { BATCH_WINDOW_BYTES, createWindowPool } from './chunk-window.ts'
import { createEventQueue, type EventQueue } from './event-queue.ts'
import type { UploadEvent, UploadItem } from './events.ts'
import type { FileSource } from './file-source.ts'
import { groupItems, type GroupLimits, type Job } from './group-items.ts'
import { createLimiter } from './limiter.ts'
import { createTotals } from './totals.ts'
import { resumeBatch, uploadBatch } from './upload-batch.ts'
import { noUploadJournal, type UploadJournal } from './upload-journal.ts'
import type { UploadRun } from './upload-run.ts'
import { uploadStream } from './upload-stream.ts'

export type UploadOptions = {
  /** Reads files: `nodeFileSource` of client/node/file-source.ts. */
  files: FileSource
  /** Remembers open uploads, so that an interrupted one can be taken up. Without it, nothing is resumed. */
  journal?: UploadJournal
  /** PUTs at once; default 8. */
  concurrency?: number
  /** Bytes of file content held at once, at least 16 MiB; default 40 MiB. */
  memoryBytes?: number
}

const CONCURRENCY = 8
const MEMORY_BYTES = 40 * 1024 * 1024
/** Files that are opened and read at once. */
const READS = 8
const SMALL_SLOTS = 16
/** Batches and streams at once. */
const JOBS = 4

const LIMITS: GroupLimits = {
  files: BATCH_MAX_FILES,
  // Room for what incompressible bytes gain by compression.
  bytes: BATCH_WINDOW_BYTES - 1024 * 1024,
  batchedFileBytes: 4 * 1024 * 1024,
}

/**
 * Uploads all files of the plan. One file's failure never stops the others; only an abort, a lost session or an unreachable
 * server ends the iteration, by throwing. Leaving the loop early stops the work.
 */
export async function* uploadTree(
  api: Api,
  plan: AsyncIterable<UploadItem>,
  options: UploadOptions,
): AsyncGenerator<UploadEvent, void, undefined> {
  const queue = createEventQueue<UploadEvent>()
  const giveUp = new AbortController()
  const outer = api.transport.signal
  const stop = outer === undefined ? giveUp.signal : AbortSignal.any([outer, giveUp.signal])
  const run = createRun(api.with({ signal: stop }), options, { queue, stop })
  const working = work(run, plan, { queue, giveUp, jobs: JOBS }).then(
    () => queue.end(),
    (error: unknown) => queue.end(error),
  )
  try {
    yield* queue.events()
  } finally {
    giveUp.abort(new DOMException('the upload was given up', 'AbortError'))
    queue.end()
    await working
  }
}

type Steering = { queue: EventQueue<UploadEvent>; stop: AbortSignal }

function createRun(api: Api, options: UploadOptions, { queue, stop }: Steering): UploadRun {
  const totals = createTotals(() => queue.tell(() => ({ kind: 'progress', totals: totals.snapshot() })))
  return {
    api,
    files: options.files,
    journal: options.journal ?? noUploadJournal,
    totals,
    windows: createWindowPool(options.memoryBytes ?? MEMORY_BYTES),
    smallSlots: createChunkSlots({ count: SMALL_SLOTS, slotBytes: chunkingRuleFor(0).maxBytes }),
    limitPuts: createLimiter(options.concurrency ?? CONCURRENCY),
    limitReads: createLimiter(READS),
    stop,
    settle: (item, outcome) => {
      totals.add({ filesDone: 1 })
      queue.push({ kind: 'file', item, outcome })
    },
  }
}

type Work = { queue: EventQueue<UploadEvent>; giveUp: AbortController; jobs: number }

/** A few jobs at once, taken from one plan: while one waits for the network, another reads. */
async function work(run: UploadRun, plan: AsyncIterable<UploadItem>, { queue, giveUp, jobs }: Work): Promise<void> {
  const source = groupItems(counted(run, plan), run.journal, LIMITS)
  const next = createLimiter(1)
  const takeJobs = async (): Promise<void> => {
    for (;;) {
      run.stop.throwIfAborted()
      await queue.room()
      const step = await next(() => source.next())
      if (step.done) return
      await runJob(run, step.value)
    }
  }
  const workers = Array.from({ length: jobs }, () =>
    takeJobs().catch((error: unknown) => {
      // The first failure stops the others, which then fail with the abort.
      giveUp.abort(error)
      throw error
    }),
  )
  const results = await Promise.allSettled(workers)
  await source.return()
  // The reason of the abort is the failure that came first.
  if (results.some((result) => result.status === 'rejected')) throw run.stop.reason
}

async function* counted(run: UploadRun, plan: AsyncIterable<UploadItem>): AsyncIterable<UploadItem> {
  for await (const item of plan) {
    run.totals.add({ filesPlanned: 1, bytesPlanned: item.sizeBytes })
    yield item
  }
  run.totals.set({ planComplete: true })
}

async function runJob(run: UploadRun, job: Job): Promise<void> {
  switch (job.do) {
    case 'stream':
      return uploadStream(run, job.item, job.openUploadId)
    case 'batch':
      return streamAll(run, await uploadBatch(run, job.items))
    case 'resume-batch':
      return streamAll(run, await resumeBatch(run, job.uploadId, job.items))
  }
}

async function streamAll(run: UploadRun, items: UploadItem[]): Promise<void> {
  for (const item of items) await uploadStream(run, item, null)
}
