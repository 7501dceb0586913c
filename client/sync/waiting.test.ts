import { expect, test } from 'vitest'
import { AppError } from '../../core/errors.ts'
import type { NodeId } from '../../core/ids.ts'
import type { Item } from '../../core/reconcile/item.ts'
import { ConnectionError } from '../connection-error.ts'
import { Doorbell } from './doorbell.ts'
import type { Clock } from './ports.ts'
import { createRate } from './rate.ts'
import { Setbacks } from './setbacks.ts'
import { SharedLock } from './shared-lock.ts'
import { troubleOf, troubleOfCode } from './trouble.ts'

/** Time that goes on when it is told to. */
function handClock() {
  let now = 0
  let sleepers: { until: number; wake: () => void }[] = []
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ until: now + ms, wake: resolve })
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  }
  const pass = async (ms: number): Promise<void> => {
    await turn()
    for (const end = now + ms; ;) {
      const next = sleepers.toSorted((a, b) => a.until - b.until)[0]
      if (next === undefined || next.until > end) {
        now = end
        return
      }
      now = next.until
      sleepers = sleepers.filter((one) => one !== next)
      next.wake()
      await turn()
    }
  }
  return { clock, pass }
}
/** Everything that can go on without time has done so. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const item = (revision = 1): Item => ({
  id: 'n' as NodeId,
  remote: {
    place: { parent: 'root' as NodeId, name: 'f' },
    content: { kind: 'folder' },
    contentRevision: revision,
    placementRevision: 1,
    mtimeNs: null,
  },
  local: null,
  synced: null,
  blocked: null,
  pending: null,
})

test('what failed waits twice as long each time, and not at all when it has changed', async () => {
  const { clock, pass } = handClock()
  let due = 0
  const setbacks = new Setbacks(clock, new AbortController().signal, () => due++)
  expect(setbacks.failed(item(), { mayRetryAtOnce: false })).toBe(true)
  expect(setbacks.isWaiting(item())).toBe(true)
  expect(setbacks.isWaiting(item(2))).toBe(false)
  await pass(2_000)
  expect([setbacks.isWaiting(item()), due]).toEqual([false, 1])
  setbacks.failed(item(), { mayRetryAtOnce: false })
  await pass(1_999)
  expect(setbacks.isWaiting(item())).toBe(true)
  await pass(2_001)
  expect([setbacks.isWaiting(item()), due]).toEqual([false, 2])
  setbacks.failed(item(), { mayRetryAtOnce: false })
  setbacks.succeeded(item().id)
  expect(setbacks.isWaiting(item())).toBe(false)
})

test('where the world was otherwise than thought it is tried again at once, a few times', () => {
  const { clock } = handClock()
  const setbacks = new Setbacks(clock, new AbortController().signal, () => {})
  const tries = Array.from({ length: 4 }, () => setbacks.failed(item(), { mayRetryAtOnce: true }))
  expect(tries).toEqual([false, false, false, true])
})

test('a ring while nobody sleeps is not lost; one wakes the sleeper', async () => {
  const { clock, pass } = handClock()
  const bell = new Doorbell(clock)
  bell.ring()
  await bell.sleep(1_000_000)
  const woken: string[] = []
  const first = bell.sleep(1_000_000).then(() => woken.push('rung'))
  bell.ring()
  await first
  const second = bell.sleep(500).then(() => woken.push('timed out'))
  await pass(500)
  await second
  expect(woken).toEqual(['rung', 'timed out'])
})

test('who is alone waits for all who share, and those who come later wait for him', async () => {
  const lock = new SharedLock()
  const told: string[] = []
  const gates: (() => void)[] = []
  const work = (name: string) => async (): Promise<void> => {
    told.push(`${name} in`)
    await new Promise<void>((open) => gates.push(open))
    told.push(`${name} out`)
  }
  const all = [lock.share(work('a')), lock.share(work('b')), lock.alone(work('c')), lock.share(work('d'))]
  await turn()
  expect(told).toEqual(['a in', 'b in'])
  for (let opened = 0; opened < 4; opened++) {
    gates[opened]!()
    await turn()
  }
  await Promise.all(all)
  expect(told).toEqual(['a in', 'b in', 'a out', 'b out', 'c in', 'c out', 'd in', 'd out'])
})

test('a limited rate takes its time; an unlimited one takes none', async () => {
  const { clock, pass } = handClock()
  const rate = createRate(clock, 1_000)
  let taken = 0
  const taking = (async () => {
    for (let piece = 0; piece < 10; piece++) {
      await rate.take(500)
      taken += 500
    }
  })()
  await pass(2_000)
  expect(taken).toBeGreaterThan(1_000)
  expect(taken).toBeLessThan(3_500)
  rate.limit(null)
  await pass(5_000)
  await taking
  expect([taken, rate.total()]).toEqual([5_000, 5_000])
})

test('every failure of a port means one thing; a mistake of ours is none of them', () => {
  const disk = (code: string) => troubleOf(Object.assign(new Error(code), { code }), 'disk')
  expect(troubleOf(new ConnectionError('down'), 'server')).toEqual({ is: 'offline' })
  expect(troubleOfCode('store-unavailable')).toEqual({ is: 'offline' })
  expect(troubleOfCode('session-revoked')).toEqual({ is: 'ended' })
  expect(troubleOfCode('version-conflict')).toEqual({ is: 'changed', side: 'server' })
  expect(troubleOfCode('forbidden')).toMatchObject({ is: 'blocked', reason: 'read-only' })
  expect(troubleOfCode('name-invalid')).toMatchObject({ reason: 'name-not-possible' })
  expect(disk('ENOSPC')).toMatchObject({ is: 'blocked', reason: 'no-space' })
  expect(disk('EBUSY')).toMatchObject({ is: 'blocked', reason: 'busy' })
  expect(disk('ENOENT')).toEqual({ is: 'changed', side: 'disk' })
  expect(disk('EMFILE')).toEqual({ is: 'offline' })
  expect(() => troubleOf(new TypeError('ours'), 'disk')).toThrow('ours')
  expect(() => troubleOf(new AppError('internal'), 'disk')).toThrow()
})
