import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Both halves of the young generation. */
const YOUNG_BYTES = 16 * 1024 * 1024
/** Less is not worth a collection. */
const GARBAGE_BYTES = 4 * 1024 * 1024

/**
 * Keeps V8's young generation from growing beyond 16 MB. It would grow to more than 100 MB while many small files pass through, although little
 * of it is ever live; measured on 10,000 files: 230 MB resident instead of 310 MB, and no slower. Below that it may grow, as it has to when a
 * collection at rest has made it small: with 1 MB all would be copied again and again. For a process that transfers files, as its first
 * act; a library must not decide this for its host.
 */
export function keepHeapSmall(): void {
  let factor = 0
  const bound = (): void => {
    const before = factor
    factor = youngBytes() < YOUNG_BYTES ? 2 : 1
    if (factor !== before) setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  }
  bound()
  new PerformanceObserver(bound).observe({ entryTypes: ['gc'] })
}

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0

/**
 * For a process that has nothing to do for a while: what its work has left in the heap goes back to the system. V8 would do so only when more is
 * allocated, which at rest is never. Takes some 50 ms where there is garbage, and nothing where there is none.
 */
export function createHeapRelease(): () => void {
  let least = 0
  return () => {
    const { heapUsed } = process.memoryUsage()
    least = Math.min(least, heapUsed)
    if (heapUsed - least < GARBAGE_BYTES) return
    setFlagsFromString('--expose-gc')
    runInNewContext('gc()')
    least = process.memoryUsage().heapUsed
  }
}
