import type { UploadTotals } from './events.ts'

type Counts = Omit<UploadTotals, 'planComplete' | 'current'>

/** The running totals of an upload; every change is told, so that a screen can follow. */
export type Totals = {
  add(change: Partial<Counts>): void
  set(change: Partial<Pick<UploadTotals, 'planComplete' | 'current'>>): void
  snapshot(): UploadTotals
}

export function createTotals(changed: () => void): Totals {
  const totals: UploadTotals = {
    filesPlanned: 0,
    filesDone: 0,
    bytesPlanned: 0,
    bytesDone: 0,
    bytesSent: 0,
    bytesDeduplicated: 0,
    bytesCompressedAway: 0,
    objectsSent: 0,
    objectsResumed: 0,
    planComplete: false,
    current: null,
  }
  return {
    add: (change) => {
      for (const key of Object.keys(change) as (keyof Counts)[]) totals[key] += change[key] ?? 0
      changed()
    },
    set: (change) => {
      Object.assign(totals, change)
      changed()
    },
    snapshot: () => ({ ...totals }),
  }
}

/** The share of one job in `bytesDone`: never more than its files hold, all of it in the end, however often bytes are read again. */
export type Tally = { done(bytes: number): void; finish(): void }

export function createTally(totals: Totals, plannedBytes: number): Tally {
  let left = plannedBytes
  const done = (bytes: number) => {
    const counted = Math.min(left, bytes)
    left -= counted
    if (counted > 0) totals.add({ bytesDone: counted })
  }
  return { done, finish: () => done(left) }
}
