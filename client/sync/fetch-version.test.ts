import { expect, test } from 'vitest'
import type { Item } from '../../core/reconcile/item.ts'
import type { Course } from './course.ts'
import { fetchVersion } from './fetch-version.ts'
import type { Wanted } from './place-version.ts'
import type { TempFile } from './ports.ts'
import { GATHERED_BYTES, WORTH_BUFFERS_BYTES } from './write-behind.ts'

const LARGE = GATHERED_BYTES

/** A version of three large pieces and a small one, and a disk whose writes end when they are told to. */
function world() {
  const log: string[] = []
  const writes: { done: () => void; fail: (error: Error) => void }[] = []
  const temp: TempFile = {
    write: (bytes) => {
      log.push(`write ${bytes[0]}`)
      return new Promise((done, fail) => writes.push({ done, fail }))
    },
    finish: async () => {
      log.push('finish')
      return { token: 't', drop: async () => {} }
    },
    drop: async () => void log.push('drop'),
  }
  const remote = {
    async *download() {
      for (const [at, size] of [LARGE, LARGE, LARGE, 10].entries()) {
        log.push(`make ${at}`)
        yield Buffer.alloc(size, at)
      }
    },
  }
  const course = {
    disk: { createTemp: async () => temp },
    remote,
    rates: { down: { take: async () => {} } },
    signal: new AbortController().signal,
  } as unknown as Course
  const wanted = {
    step: { item: 'i', expects: { is: 'nothing' } },
    remote: { content: { kind: 'file', size: WORTH_BUFFERS_BYTES } },
  }
  const fetched = fetchVersion(course, { synced: null } as unknown as Item, wanted as unknown as Wanted)
  fetched.catch(() => {})
  const settle = () => new Promise((done) => setImmediate(done))
  return { log, writes, fetched, settle }
}

test('a large piece is written while the next one is made, in order; it is finished when all is written', async () => {
  const { log, writes, fetched, settle } = world()
  await settle()
  expect(log).toEqual(['make 0', 'write 0', 'make 1'])
  for (let at = 0; at < 4; at++) {
    writes[at]!.done()
    await settle()
  }
  expect(log).toEqual(['make 0', 'write 0', 'make 1', 'write 1', 'make 2', 'write 2', 'make 3', 'write 3', 'finish'])
  expect(await fetched).toMatchObject({ token: 't' })
})

test('a write that fails ends it, and nothing is dropped below a write', async () => {
  const { log, writes, fetched, settle } = world()
  await settle()
  expect(log).not.toContain('drop')
  writes[0]!.fail(new Error('ENOSPC'))
  await expect(fetched).rejects.toThrow('ENOSPC')
  expect(log).toEqual(['make 0', 'write 0', 'make 1', 'drop'])
})
