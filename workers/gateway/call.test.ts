import { expect, test } from 'vitest'
import { MANIFEST_MAX_CHUNKS } from '../../core/content.ts'
import type { Mutation } from '../../core/namespace/model.ts'
import { commitChanges, type Call } from './call.ts'

/** A call whose journal remembers how many chunks each message to it had. */
function journalWorld() {
  const messages: number[] = []
  const commit = (mutations: Mutation[]) => {
    messages.push(mutations.reduce((sum, mutation) => sum + chunksOf(mutation), 0))
    return Promise.resolve({ ok: true, value: mutations.map(({ id }) => ({ outcome: 'applied', node: { id } })) })
  }
  const env = { TENANT_JOURNAL: { getByName: () => ({ commit }) } }
  return { call: { env, principal: { tenantId: 'a' } } as unknown as Call, messages }
}

const chunksOf = (mutation: Mutation): number =>
  mutation.kind === 'write-file' && mutation.content.held === 'chunks' ? mutation.content.chunks.length : 0

const file = (id: number, chunks: number): Mutation =>
  ({
    kind: 'write-file',
    id: String(id),
    content: { held: 'chunks', chunks: new Array(chunks).fill(null) },
  }) as unknown as Mutation

test('changes with very many chunks reach the journal in messages that a call can carry, in order', async () => {
  const { call, messages } = journalWorld()
  const outcomes = await commitChanges(
    call,
    Array.from({ length: 1_000 }, (_, at) => file(at, 150)),
  )
  expect(outcomes.map((outcome) => 'node' in outcome && outcome.node.id)).toEqual(
    Array.from({ length: 1_000 }, (_, at) => String(at)),
  )
  // A chunk of a long upload takes about 500 bytes of the 32 MiB.
  for (const chunks of messages) expect(chunks * 500).toBeLessThan(32 * 1024 * 1024)
  expect(messages.reduce((sum, chunks) => sum + chunks, 0)).toBe(150_000)
})

test('the largest file that there may be is one message', async () => {
  const { call, messages } = journalWorld()
  await commitChanges(call, [file(0, MANIFEST_MAX_CHUNKS), file(1, 1)])
  expect(messages).toEqual([MANIFEST_MAX_CHUNKS + 1])
})
