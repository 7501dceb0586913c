import { expect, test } from 'vitest'
import { createFlushBehind, FLUSH_BYTES } from './flush-behind.ts'

/** A disk that waits until it is told. */
function slowDisk() {
  const waiting: { done: () => void; fail: (error: Error) => void }[] = []
  const flush = () => new Promise<void>((done, fail) => waiting.push({ done, fail }))
  return { waiting, behind: createFlushBehind(flush) }
}

test('a small file is left to whoever makes it durable', async () => {
  const { waiting, behind } = slowDisk()
  behind.written(FLUSH_BYTES - 1)
  await behind.end()
  expect(waiting).toHaveLength(0)
})

test('one at a time, while writing goes on; the end waits for it', async () => {
  const { waiting, behind } = slowDisk()
  for (let i = 0; i < 3; i++) behind.written(FLUSH_BYTES)
  expect(waiting).toHaveLength(1)
  let isOver = false
  const end = behind.end().then(() => (isOver = true))
  await Promise.resolve()
  expect(isOver).toBe(false)
  waiting[0]!.done()
  await end
  behind.written(1)
  expect(waiting).toHaveLength(2)
})

test('an error of the disk is not forgotten: the file fails with the next write, and at its end', async () => {
  const { waiting, behind } = slowDisk()
  behind.written(FLUSH_BYTES)
  waiting[0]!.fail(new Error('EIO'))
  await expect(behind.end()).rejects.toThrow('EIO')
  expect(() => behind.written(1)).toThrow('EIO')
  await expect(behind.end()).rejects.toThrow('EIO')
})
