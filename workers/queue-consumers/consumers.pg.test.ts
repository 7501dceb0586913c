import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MAX_ATTEMPTS } from '../../core/event-bus.ts'
import type { Faults } from '../../core/fault-points.ts'
import { asyncWorld, type AsyncWorld, commitFile, consumeIn, freshId } from '../../test/support/async-world.ts'

let world: AsyncWorld
beforeAll(async () => {
  world = await asyncWorld()
  await commitFile(world, { name: 'a', uploadId: null, chunks: [] })
})
afterAll(() => world?.drop())
beforeEach(() => void (world.logs.length = 0))

/** The meter, broken off before its first page. @returns what it threw */
async function breakOff(faults: Faults, attempt = 1): Promise<unknown> {
  const payload = { lastSeq: Number.MAX_SAFE_INTEGER }
  const message = {
    id: freshId(),
    tenantId: world.tenantId,
    kind: 'journal.appended',
    payload,
    traceparent: null,
  } as const
  return consumeIn(world, faults)({ message, attempt }).catch((error: unknown) => error)
}
const logged = () => world.logs.map((line) => JSON.parse(line))

/** New ones, of everybody but a superuser. */
const allowConnections = async (isAllowed: boolean): Promise<void> => {
  const [row] = await world.owner`select current_database() as name`
  await world.owner.unsafe(`alter database "${row!['name']}" connection limit ${isAllowed ? -1 : 0}`)
}
afterEach(() => allowConnections(true))

/** Ends every connection that the consumers have, for good: whether one notices before it asks again is chance. */
const loseDatabase: Faults = async () => {
  await allowConnections(false)
  await world.owner`select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and usename = 'bitvault_system'`
}

describe('LG-5 a consumer that cannot do its work', () => {
  test('has lost its database: it is told as that, a warning, and comes again', async () => {
    expect(await breakOff(loseDatabase)).toMatchObject({ code: 'database-unavailable' })
    expect(logged()).toMatchObject([
      {
        level: 'warn',
        event: 'consumer.retried',
        code: 'database-unavailable',
        eventKind: 'journal.appended',
        attempt: 1,
      },
    ])
    await allowConnections(true)
    expect(await breakOff(async () => {})).toEqual({ do: 'ack' })
  })

  test('for the last time, so that its message is a dead letter: an error', async () => {
    expect(await breakOff(loseDatabase, MAX_ATTEMPTS)).toMatchObject({ code: 'database-unavailable' })
    expect(logged()).toMatchObject([{ level: 'error', event: 'consumer.failed', code: 'database-unavailable' }])
  })

  test('by a mistake of ours: an error', async () => {
    const faults = () => Promise.reject(new TypeError('a mistake'))
    expect(await breakOff(faults)).toBeInstanceOf(TypeError)
    expect(logged()).toMatchObject([{ level: 'error', event: 'consumer.failed', code: 'internal' }])
  })
})
