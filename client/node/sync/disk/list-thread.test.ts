import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { beginListThread, takeListThread } from './list-thread.ts'

test.runIf(availableParallelism() > 1)('one that was begun is taken, once; then each is a new one', async () => {
  beginListThread()
  beginListThread()
  const threads = [takeListThread(), takeListThread()]
  expect(threads[1]!.threadId - threads[0]!.threadId).toBe(1)
  await Promise.all(threads.map((thread) => thread.terminate()))
  beginListThread()
  const next = takeListThread()
  expect(threads).not.toContain(next)
  await next.terminate()
})
