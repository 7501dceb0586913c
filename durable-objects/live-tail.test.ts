import { expect, test } from 'vitest'
import type { SpaceId, TenantId, UserId } from '../core/ids.ts'
import type { FeedEntry } from '../db/tenant/journal.ts'
import type { LivePage } from './live-hub.ts'
import { readTail, TAIL_MAX } from './live-tail.ts'
import { viewerOf } from './live-principals.ts'

const EPOCH = '01a1fbfa-f3dc-4090-aad2-fe15609850a1'
const SPACE = 'mine' as SpaceId
const HOLDER = { tenant: 't' as TenantId, user: 'u' as UserId, device: null }
const PRINCIPAL = { userId: HOLDER.user, device: '', memberRole: 'member', spaces: [{ id: SPACE }] }
const entryAt = (seq: number): FeedEntry =>
  ({ seq, kind: 'updated', at: seq, spaceId: SPACE, node: { id: `n${seq}`, spaceId: SPACE } }) as unknown as FeedEntry

/** @param heads of the journal, one for each time that it is read; then the last of them */
function tailOf(heads: number[], from: number, through = 0) {
  let reads = 0
  const readPage = async (after: number, limit: number): Promise<LivePage> => {
    const head = heads[Math.min(reads++, heads.length - 1)]!
    const entries = Array.from({ length: Math.max(0, Math.min(limit, head - after)) }, (_, i) => entryAt(after + 1 + i))
    return { entries, head, epoch: EPOCH, horizon: 0 }
  }
  const cursor = { epoch: EPOCH, seq: from }
  const viewer = viewerOf(PRINCIPAL as unknown as Parameters<typeof viewerOf>[0])
  return readTail({ cursor, holder: HOLDER, viewer, readPage, through: () => through })
}

const seqsIn = ({ messages }: Awaited<ReturnType<typeof readTail>>): number[] =>
  messages.flatMap(({ json }) => JSON.parse(json).changes.map(({ seq }: { seq: number }) => seq))

test('LV-5 what followed the cursor, to the head, each entry once', async () => {
  const tail = await tailOf([250], 3)
  expect(tail.place).toEqual({ epoch: EPOCH, seq: 250 })
  expect(seqsIn(tail)).toEqual(Array.from({ length: 247 }, (_, i) => i + 4))
})

test('LV-5 a page that is older than what the others were told is read again: nothing may fall between', async () => {
  const tail = await tailOf([5, 5, 8], 3, 7)
  expect(tail.place.seq).toBe(8)
  expect(seqsIn(tail)).toEqual([4, 5, 6, 7, 8])
})

test('LV-5 a journal that grows meanwhile is read on; one that is never caught up with is busy', async () => {
  expect(seqsIn(await tailOf([210, 230], 0))).toHaveLength(230)
  await expect(tailOf([5], 3, 9)).rejects.toMatchObject({ code: 'busy' })
})

test('LV-6 who is very far behind is told to pull', async () => {
  const tail = await tailOf([TAIL_MAX + 1], 0)
  expect(tail.messages.map(({ type }) => type)).toEqual(['behind'])
  expect(tail.place.seq).toBe(TAIL_MAX + 1)
})
