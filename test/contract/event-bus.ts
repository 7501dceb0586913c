import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_ATTEMPTS, type Consume, type Delivery, type EventKind, type Verdict } from '../../core/event-bus.ts'
import type { TenantId } from '../../core/ids.ts'
import { readUsage } from '../../db/system/meter.ts'
import { type AsyncWorld, asyncWorld, commitFile, consumeIn, openUpload, put } from '../support/async-world.ts'

/** What a bus must let the suite do. Messages begin as outbox rows, as they do in the product. */
export type BusUnderTest = {
  /** Carries messages to the consumer until `isDone`; throws when that takes too long. */
  run(consume: Consume, isDone: () => boolean): Promise<void>
  /** Delivers what is due to a consumer that dies before it has settled anything. */
  runAndDie(consume: Consume): Promise<void>
  /** The bus's own clock, Unix milliseconds. */
  now(): number
  close(): Promise<void>
}

export type OpenBus = (world: AsyncWorld) => Promise<BusUnderTest>

const ACK: Verdict = { do: 'ack' }
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

/** The rules of core/event-bus.ts, on any bus. */
export function eventBusContract(name: string, open: OpenBus): void {
  describe(`event bus: ${name} (DESIGN 7)`, () => {
    let world: AsyncWorld
    let bus: BusUnderTest
    beforeAll(async () => {
      world = await asyncWorld()
      bus = await open(world)
    })
    afterAll(async () => {
      await bus?.close()
      await world?.drop()
    })

    const leave = (events: LeftEvent[]) => leaveEvents(world, events)
    const deadLetters = () => world.system<{ id: string; reason: string; attempts: number }[]>`
      select id, reason, attempts from dead_letters`
    const runUntil = (log: DeliveryLog, deliveries: number, verdict?: (delivery: Delivery) => Verdict) =>
      bus.run(log.consume(verdict), () => log.seen.length >= deliveries)

    test('every message is delivered, with all that it carries', async () => {
      const log = deliveryLog(bus)
      const ids = await leave([
        { kind: 'pack.uploaded', payload: { objectKey: 't/a/u/b/c', part: 7 }, traceparent: TRACE },
        { kind: 'upload.expired', payload: { uploadId: 'x' }, traceparent: null },
      ])
      await runUntil(log, 2)
      const messages = log.seen.map(({ message }) => message).toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
      const common = { tenantId: world.tenantId }
      expect(messages).toEqual([
        {
          ...common,
          id: ids[0],
          kind: 'pack.uploaded',
          payload: { objectKey: 't/a/u/b/c', part: 7 },
          traceparent: TRACE,
        },
        { ...common, id: ids[1], kind: 'upload.expired', payload: { uploadId: 'x' }, traceparent: null },
      ])
      expect(log.seen.map(({ attempt }) => attempt)).toEqual([1, 1])
    })

    test('more messages than one batch holds: all of them', async () => {
      const log = deliveryLog(bus)
      const ids = await leave(Array.from({ length: 230 }, (_, i) => ({ kind: 'upload.expired', payload: { i } })))
      await runUntil(log, 230)
      expect(log.ids().toSorted()).toEqual(ids.toSorted())
    })

    test('what was acknowledged is not delivered again', async () => {
      const log = deliveryLog(bus)
      const [first] = await leave([{ kind: 'upload.expired', payload: {} }])
      await runUntil(log, 1)
      const [second] = await leave([{ kind: 'upload.expired', payload: {} }])
      await runUntil(log, 2)
      expect(log.ids()).toEqual([first, second])
    })

    test('retry: again after the delay and not before, with a higher attempt; the others do not wait', async () => {
      const log = deliveryLog(bus)
      const [late] = await leave([
        { kind: 'upload.expired', payload: { is: 'late' } },
        { kind: 'upload.expired', payload: {} },
      ])
      await runUntil(log, 3, ({ message, attempt }) =>
        message.id === late && attempt === 1 ? { do: 'retry', afterMs: 2_000, reason: 'not yet' } : ACK,
      )
      const [once, again] = log.seen.filter(({ message }) => message.id === late)
      expect([once!.attempt, again!.attempt]).toEqual([1, 2])
      expect(again!.atMs - once!.atMs).toBeGreaterThanOrEqual(1_900)
      expect(log.seen[2]!.message.id).toBe(late)
    })

    test('throwing means retry', async () => {
      const log = deliveryLog(bus)
      await leave([{ kind: 'upload.expired', payload: {} }])
      await runUntil(log, 2, ({ attempt }) => {
        if (attempt === 1) throw new Error('a message that must not be kept')
        return ACK
      })
      expect(log.seen.map(({ attempt }) => attempt)).toEqual([1, 2])
    })

    test(`after ${MAX_ATTEMPTS} deliveries it is a dead letter, with the reason, and not delivered any more`, async () => {
      const log = deliveryLog(bus)
      const [id] = await leave([{ kind: 'upload.expired', payload: {} }])
      await runUntil(log, MAX_ATTEMPTS, () => ({ do: 'retry', afterMs: 0, reason: 'store-unavailable' }))
      const [after] = await leave([{ kind: 'upload.expired', payload: {} }])
      await runUntil(log, MAX_ATTEMPTS + 1)
      expect(log.ids()).toEqual([...Array.from({ length: MAX_ATTEMPTS }, () => id), after])
      expect(await deadLetters()).toContainEqual({ id, reason: 'store-unavailable', attempts: MAX_ATTEMPTS })
    })

    test('a consumer may give a message up at once', async () => {
      const log = deliveryLog(bus)
      const [id] = await leave([{ kind: 'upload.expired', payload: {} }])
      await runUntil(log, 1, () => ({ do: 'dead-letter', reason: 'senseless' }))
      expect(await deadLetters()).toContainEqual({ id, reason: 'senseless', attempts: 1 })
    })

    test('a consumer that dies before it acknowledges: delivered again', async () => {
      const log = deliveryLog(bus)
      const [id] = await leave([{ kind: 'upload.expired', payload: {} }])
      await bus.runAndDie(log.consume())
      await runUntil(log, 2)
      expect(log.seen.map(({ message, attempt }) => [message.id, attempt])).toEqual([
        [id, 1],
        [id, 2],
      ])
    })

    test('each delivered twice and in any order: the consumers have the same effect', async () => {
      const bytes = await writeFiles(world, 6)
      await world.system`delete from outbox`
      await leave([4, 6, 1, 6, 2, 5, 3].map((lastSeq) => ({ kind: 'journal.appended', payload: { lastSeq } })))
      const consume = consumeIn(world)
      let deliveries = 0
      const forgetful: Consume = async (delivery) => {
        const verdict = await consume(delivery)
        deliveries += 1
        // The effect is there, the acknowledgement is lost.
        return delivery.attempt === 1 ? { do: 'retry', afterMs: 0, reason: 'acknowledgement lost' } : verdict
      }
      await bus.run(forgetful, () => deliveries >= 14)
      const { throughSeq, ...usage } = await readUsage(world.system, world.tenantId)
      expect(throughSeq).toBe(6)
      expect(usage).toEqual({ writtenBytes: bytes, filesCreated: 6, versionsWritten: 6 })
    })
  })
}

type LeftEvent = { kind: EventKind; payload: Record<string, string | number>; traceparent?: string | null }

/** Rows as a commit leaves them. @returns their ids, in the order given */
async function leaveEvents({ system, tenantId, clock }: AsyncWorld, events: LeftEvent[]): Promise<string[]> {
  const rows = events.map(({ kind, payload, traceparent = null }) => ({
    id: crypto.randomUUID(),
    tenant_id: tenantId as TenantId,
    kind,
    payload,
    traceparent,
  }))
  await system`insert into outbox (id, tenant_id, kind, payload, traceparent, available_at)
    select id, tenant_id, kind, payload, traceparent, to_timestamp(${clock.now}::float8 / 1000)
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as r(id uuid, tenant_id uuid, kind text, payload jsonb, traceparent text)`
  return rows.map(({ id }) => id)
}

type DeliveryLog = {
  seen: (Delivery & { atMs: number })[]
  ids(): string[]
  consume(verdict?: (delivery: Delivery) => Verdict): Consume
}

function deliveryLog(bus: BusUnderTest): DeliveryLog {
  const seen: DeliveryLog['seen'] = []
  return {
    seen,
    ids: () => seen.map(({ message }) => message.id),
    consume:
      (verdict = () => ACK) =>
      async (delivery) => {
        seen.push({ ...delivery, atMs: bus.now() })
        return verdict(delivery)
      },
  }
}

/** @returns the bytes of all files together */
async function writeFiles(world: AsyncWorld, count: number): Promise<number> {
  const uploadId = await openUpload(world, count)
  let total = 0
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(`contract ${i}`.padEnd(5_000))
    await commitFile(world, { name: `contract-${i}`, uploadId, chunks: [put(world, uploadId, bytes)] })
    total += bytes.length
  }
  return total
}
