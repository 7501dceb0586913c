import { describe, expect, test } from 'vitest'
import { createEarlyFlush } from './early-flush.ts'

const MIB = 1024 * 1024

function flushesByHand() {
  const open: PromiseWithResolvers<void>[] = []
  const early = createEarlyFlush(() => {
    const one = Promise.withResolvers<void>()
    open.push(one)
    return one.promise
  })
  return { early, open }
}

describe('a file that is written over a long time', () => {
  test('a small one is left to its end', async () => {
    const { early, open } = flushesByHand()
    early.wrote(31 * MIB)
    await early.end()
    expect(open).toHaveLength(0)
  })

  test('is flushed meanwhile, one flush at a time; the end waits for the last', async () => {
    const { early, open } = flushesByHand()
    early.wrote(40 * MIB)
    early.wrote(40 * MIB)
    expect(open).toHaveLength(1)
    open[0]!.resolve()
    await early.end()
    early.wrote(1)
    expect(open).toHaveLength(2)
    let hasEnded = false
    const end = early.end().then(() => (hasEnded = true))
    await Promise.resolve()
    expect(hasEnded).toBe(false)
    open[1]!.resolve()
    await end
  })

  test('an error of the disk is told by whatever comes next, and by the end: the disk may not repeat it', async () => {
    const { early, open } = flushesByHand()
    early.wrote(40 * MIB)
    open[0]!.reject(new Error('EIO'))
    await expect(early.end()).rejects.toThrow('EIO')
    expect(() => early.wrote(1)).toThrow('EIO')
    await expect(early.end()).rejects.toThrow('EIO')
  })
})
