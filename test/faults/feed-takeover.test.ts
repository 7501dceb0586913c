import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Workerd } from '../../embedded/workerd.ts'
import type { Stack } from '../../embedded/stack.ts'
import { type Account, firstAccount, inlineFile, send } from '../support/account.ts'
import { FeedClient } from '../support/feed-client.ts'
import { testStack } from '../support/stack.ts'
import { storedTree } from '../support/stored-tree.ts'
import { seededDice } from './dice.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'
import { patientClient } from './patient-client.ts'

/** A journal that goes back and forth between two processes, one of which is killed now and then, while clients read pages of it. */
let stack: Stack
let second: Workerd
let inspector: Inspector
let owner: Account
let calls: [Account['call'], Account['call']]

beforeAll(async () => {
  stack = await testStack({ env: NO_GRACE })
  second = await stack.addWorker()
  inspector = inspect(stack)
  owner = await firstAccount(stack)
  const authorization = `Bearer ${owner.token}`
  const at = (url: string): Account['call'] =>
    patientClient((method, path, body, headers) => send(url, method, path, body, { authorization, ...headers })).call
  calls = [at(stack.url), at(second.url)]
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
})

/** Every entry that it saw, in the order in which it saw them. */
class Reader extends FeedClient {
  get seqs(): number[] {
    return [...this.told.keys()].map((place) => Number(place.split('.')[1]))
  }
}

/** What does not come is told by what is expected after, and not by a test that never ends. */
const SOON_MS = 30_000

async function pullUntil(reader: Reader, isDone: () => boolean): Promise<void> {
  for (const deadline = performance.now() + SOON_MS; !isDone() && performance.now() < deadline;) await reader.pull()
}

test('SV-02 SV-12 I10 pages read from both while both write and one is killed: no gap, nothing twice', async () => {
  const dice = seededDice(12)
  const pick = (): Account['call'] => calls[dice() < 0.5 ? 0 : 1]
  const parent = owner.home.rootId
  const over = new AbortController()
  const write = async (): Promise<void> => {
    for (let i = 0; i < 60; i++)
      await pick()('POST', '/v1/files', inlineFile(parent, `${Math.floor(dice() * 20)}`, randomUUID()))
  }
  const newReader = () =>
    new Reader({
      call: (...args) => pick()(...args),
      limit: () => 1 + Math.floor(dice() * 30),
    })
  const read = async (reader: Reader): Promise<Reader> => {
    while (!over.signal.aborted) await reader.pull()
    await reader.pull()
    return reader
  }
  const readers = [newReader(), newReader(), newReader()]
  const fromSnapshot = newReader()
  const reading = readers.map(read)
  const writing = Promise.all(Array.from({ length: 4 }, write))
  for (let i = 0; i < 3; i++) {
    await fromSnapshot.begin(async () => {
      await pick()('POST', '/v1/folders', { parent, name: randomUUID() })
    })
    await second.kill9()
    await second.restart()
  }
  await writing
  over.abort()
  const stored = await storedTree(inspector.owner, [owner.home.id])
  const [head] = await inspector.owner<{ seq: number }[]>`select seq::float8 as seq from tenant_head`
  for (const reader of await Promise.all(reading)) {
    // What another process wrote may show a second late (FD-5).
    await pullUntil(reader, () => reader.seqs.length >= head!.seq)
    expect(reader.resyncs).toEqual([])
    expect(reader.seqs).toEqual(Array.from({ length: head!.seq }, (_, i) => i + 1))
    expect(reader.tree.sorted()).toEqual(stored.filter(({ parentId }) => parentId !== null))
  }
  await pullUntil(fromSnapshot, () => JSON.stringify(fromSnapshot.tree.sorted()) === JSON.stringify(stored))
  expect(fromSnapshot.tree.sorted()).toEqual(stored)
  expect(fromSnapshot.resyncs).toEqual([])
  expect(await inspector.forks()).toEqual([])
})
