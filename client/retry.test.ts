import { describe, expect, test } from 'vitest'
import { AppError } from '../core/errors.ts'
import { ConnectionError } from './connection-error.ts'
import { retryDelayMs, withRetry, type RetryWorld } from './retry.ts'

/** Time passes only by waiting. */
function worldOf(random: number[] = []): RetryWorld & { waits: number[]; nowMs: number } {
  const world = {
    waits: [] as number[],
    nowMs: 0,
    clock: () => world.nowMs,
    random: (length: number) => Uint8Array.from({ length }, () => random.shift() ?? 255),
    sleep: async (ms: number) => {
      world.waits.push(ms)
      world.nowMs += ms
    },
  }
  return world
}

const busy = (facts = {}) => new AppError('busy', facts)

describe('TF-10 retries', () => {
  test('a retryable error is retried with doubling waits, and the value comes through', async () => {
    const world = worldOf()
    const result = await withRetry(async (attempt) => {
      if (attempt < 4) throw busy()
      return attempt
    }, world)
    expect(result).toBe(4)
    expect(world.waits).toEqual([250, 500, 1000])
  })

  test('the jitter is full: the dice decide between nothing and the ceiling', () => {
    expect(retryDelayMs(busy(), 3, () => Uint8Array.of(0, 0))).toBe(0)
    expect(retryDelayMs(busy(), 3, () => Uint8Array.of(128, 0))).toBe(500)
    expect(retryDelayMs(busy(), 3, () => Uint8Array.of(255, 255))).toBe(1000)
    expect(retryDelayMs(busy(), 30, () => Uint8Array.of(255, 255))).toBe(8000)
  })

  test('what the server asks for is waited, and the jitter comes on top', async () => {
    const world = worldOf([128, 0])
    await withRetry(async (attempt) => {
      if (attempt === 1) throw busy({ retryAfterMs: 3_000 })
    }, world)
    expect(world.waits).toEqual([3_125])
  })

  test('other codes are not repeated', async () => {
    let calls = 0
    const work = async () => {
      calls++
      throw new AppError('internal')
    }
    await expect(withRetry(work, worldOf())).rejects.toMatchObject({ code: 'internal' })
    expect(calls).toBe(1)
  })

  test('it ends after eight attempts, and the error says how many', async () => {
    const world = worldOf()
    let calls = 0
    const work = async () => {
      calls++
      throw new ConnectionError('gone')
    }
    await expect(withRetry(work, world)).rejects.toMatchObject({ name: 'ConnectionError', attempts: 8 })
    expect(calls).toBe(8)
    expect(world.nowMs).toBeLessThanOrEqual(30_000)
  })

  test('a wait past the budget is not begun', async () => {
    const world = worldOf()
    await expect(withRetry(() => Promise.reject(busy({ retryAfterMs: 60_000 })), world)).rejects.toMatchObject({
      code: 'busy',
    })
    expect(world.waits).toEqual([])
  })

  test('an abort ends it with its reason', async () => {
    const abort = new AbortController()
    const world = { ...worldOf(), signal: abort.signal }
    const work = async () => {
      abort.abort(new Error('enough'))
      throw busy()
    }
    await expect(withRetry(work, world)).rejects.toThrow('enough')
  })
})
