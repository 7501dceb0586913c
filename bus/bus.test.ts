import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../core/errors.ts'
import { MAX_ATTEMPTS, type BusMessage, type Consume, type Delivery } from '../core/event-bus.ts'
import { noFaults } from '../core/fault-points.ts'
import type { TenantId } from '../core/ids.ts'
import { consumeBatch } from './consume-batch.ts'
import { splitByBytes } from './cloudflare-queues/relay.ts'
import { nextWakeMs, WAKE_FLOOR_MS } from './next-wake.ts'
import { parseMessage } from './parse-message.ts'

const message = (id = crypto.randomUUID() as string): BusMessage => ({
  id,
  tenantId: crypto.randomUUID() as string as TenantId,
  kind: 'upload.expired',
  payload: { uploadId: 'x', n: 1 },
  traceparent: null,
})
const delivery = (attempt = 1): Delivery => ({ message: message(), attempt })
const run = (deliveries: Delivery[], consume: Consume, concurrency = 3) =>
  consumeBatch(deliveries, { consume, concurrency, dice: () => 1, faults: noFaults })

describe('a batch (DESIGN 7)', () => {
  test('never more at once than allowed, each exactly once', async () => {
    let running = 0
    let most = 0
    const consume: Consume = async () => {
      most = Math.max(most, (running += 1))
      await Promise.resolve()
      running -= 1
      return { do: 'ack' }
    }
    const deliveries = Array.from({ length: 20 }, () => delivery())
    const settled = await run(deliveries, consume)
    expect(most).toBe(3)
    expect(new Set(settled.map((one) => one.delivery))).toEqual(new Set(deliveries))
  })

  test('T23: the reason of an error is its code or its class, never its message', async () => {
    const errors = [
      new AppError('store-unavailable'),
      Object.assign(new Error('secret'), { code: '57P01' }),
      new TypeError('secret'),
      'secret',
    ]
    const settled = await run(
      errors.map(() => delivery()),
      async () => {
        throw errors.shift()
      },
      1,
    )
    const reasons = settled.map(({ verdict }) => (verdict.do === 'retry' ? verdict.reason : verdict.do))
    expect(reasons).toEqual(['store-unavailable', '57P01', 'TypeError', 'unknown'])
  })

  test('the delay doubles, and the last attempt is a dead letter', async () => {
    const verdicts = await run(
      Array.from({ length: MAX_ATTEMPTS + 1 }, (_, i) => delivery(i + 1)),
      () => Promise.reject(new AppError('busy')),
      1,
    )
    const delays = verdicts.map(({ verdict }) => (verdict.do === 'retry' ? verdict.afterMs : verdict.do))
    expect(delays).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 'dead-letter', 'dead-letter'])
  })
})

describe('when a pump wakes next', () => {
  const at = { nowMs: 1000, nextDueMs: null, isBusy: false, failures: 0, dice: 0.5 }

  test('at the next due time, at once when busy or late, and never later than the floor', () => {
    expect(nextWakeMs(at)).toBe(1000 + WAKE_FLOOR_MS)
    expect(nextWakeMs({ ...at, nextDueMs: 5000 })).toBe(5000)
    expect(nextWakeMs({ ...at, nextDueMs: 10 })).toBe(1000)
    expect(nextWakeMs({ ...at, isBusy: true })).toBe(1000)
    expect(nextWakeMs({ ...at, nextDueMs: 1e9 })).toBe(1000 + WAKE_FLOOR_MS)
  })

  test('always within the floor, and not at once while the database is away', () => {
    const facts = fc.record({
      nowMs: fc.nat(1e9),
      nextDueMs: fc.option(fc.nat(2e9)),
      isBusy: fc.boolean(),
      failures: fc.nat(100),
      dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    fc.assert(
      fc.property(facts, (given) => {
        const wake = nextWakeMs(given)
        expect(wake).toBeGreaterThanOrEqual(given.nowMs + (given.failures > 0 ? 500 : 0))
        expect(wake).toBeLessThanOrEqual(given.nowMs + WAKE_FLOOR_MS)
      }),
      { seed: 7 },
    )
  })
})

describe('messages of a queue', () => {
  test('what we send is what we parse', () => {
    const sent = message()
    expect(parseMessage(JSON.parse(JSON.stringify(sent)))).toEqual(sent)
  })

  test('nothing else is parsed, and nothing throws', () => {
    const good = message()
    const spoiled = fc.record({
      key: fc.constantFrom('id', 'tenantId', 'kind', 'payload', 'traceparent'),
      value: fc.anything(),
    })
    fc.assert(
      fc.property(spoiled, ({ key, value }) => {
        const parsed = parseMessage({ ...good, [key]: value })
        if (parsed !== null) expect(parsed).toEqual({ ...good, [key]: value })
      }),
      { seed: 7, numRuns: 500 },
    )
    expect(parseMessage({ ...good, kind: 'toString' })).toBeNull()
    expect(parseMessage({ ...good, payload: { nested: {} } })).toBeNull()
    expect(parseMessage({ ...good, payload: [] })).toBeNull()
  })

  test('batches keep the order and stay below the limit', () => {
    const messages = Array.from({ length: 50 }, () => message())
    const size = JSON.stringify(messages[0]).length
    const batches = splitByBytes(messages, size * 7)
    expect(batches.flat()).toEqual(messages)
    expect(batches.map((batch) => batch.length)).toEqual([7, 7, 7, 7, 7, 7, 7, 1])
    expect(splitByBytes([])).toEqual([])
  })
})
