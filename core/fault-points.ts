/**
 * The numbered places between any two steps of the critical flows. A test may hold, fail or kill the process at each;
 * in production a point costs nothing. Closed, so that the fault tests know that they have met all of them.
 */
export const FAULT_POINTS = [
  'init.before-write',
  'init.after-write',
  'init.after-sign',
  'commit.before-list',
  'commit.after-list',
  'commit.before-facts',
  'commit.after-facts',
  'commit.before-write',
  'commit.after-write',
  'commit.before-alarm',
  'commit.before-answer',
  'outbox.after-claim', // rows are claimed, nobody has seen them
  'outbox.before-consume',
  'outbox.before-settle', // consumed, not yet acknowledged
  'outbox.after-settle',
  'outbox.before-send', // to Cloudflare Queues
  'outbox.after-send', // sent, still in the table
  'meter.before-page',
  'meter.after-page',
  'verify.before-read',
  'verify.before-mark', // bytes hashed, nothing written
  'verify.after-mark',
  'gc.before-close', // the upload may still be committed
  'gc.after-close',
  'gc.after-list',
  'gc.after-delete-leftovers',
  'gc.after-mark-orphans',
  'gc.before-swept',
  'gc.after-swept',
  'gc.before-claim-objects',
  'gc.after-claim-objects', // rows say deleting, objects are there
  'gc.after-delete-objects', // objects are gone, rows are there
  'gc.after-delete-rows',
  'purge.before-lift',
  'purge.after-lift', // what was trashed by itself is out of the purged folder
  'purge.before-page',
  'purge.before-commit', // a page of rows is removed, not yet for good
  'purge.after-page',
  'retention.before-trash',
  'retention.after-trash', // the journal has purged a batch
  'retention.before-versions',
  'retention.after-versions',
  'retention.before-conflicts',
  'retention.after-conflicts',
  'compaction.before-page',
  'compaction.after-page',
] as const

export type FaultPoint = (typeof FAULT_POINTS)[number]

/** Awaited between two steps; throwing fails the step, never answering stands for a process that was killed. */
export type Faults = (point: FaultPoint) => Promise<void>

const done = Promise.resolve()
export const noFaults: Faults = () => done
