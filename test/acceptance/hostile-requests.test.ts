import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import { addAccount, firstAccount, type Account } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'
import { makeFolder } from './namespace-support.ts'
import { entriesIn, push, type Entry } from './push-support.ts'

let stack: Stack
let owner: Account
let member: Account
beforeAll(async () => {
  stack = await testStack()
  owner = await firstAccount(stack)
  member = await addAccount(stack, owner, 'mallory@example.com')
})
afterAll(() => stack?.stop())

describe('T11 one mutation id in two places', () => {
  test('tells nothing of a folder that the asker may not read', async () => {
    const secret = await makeFolder(owner, owner.home.rootId, 'secret')
    const mine = await makeFolder(member, member.home.rootId)
    const twice = randomUUID()
    for (const order of [0, 1]) {
      const places = [
        { mutationId: twice, parent: mine.id, name: `n${order}`, ifExists: 'keep' },
        { mutationId: twice, parent: owner.home.rootId, name: 'secret', ifExists: 'keep' },
      ]
      const folders = [
        ...(order === 0 ? places : places.toReversed()),
        { mutationId: randomUUID(), parent: { created: order }, name: 'x' },
      ]
      const { body } = await member.call('POST', '/v1/folders/batch', { folders })
      expect(JSON.stringify(body)).not.toContain(secret.id)
    }
  })

  test('the same entries twice, at every level of a way, take no longer than once', async () => {
    const folder = await makeFolder(member, member.home.rootId)
    const { newFolder } = entriesIn(() => folder.id)
    const chain: Entry[] = []
    for (let at = 0; at < 28; at++)
      chain.push({ ...newFolder('d', at === 0 ? folder.id : { madeBy: chain[at - 1]!.id }), ifExists: 'keep' })
    const first = await push(member, chain)
    expect(first.body.results.at(-1).outcome).toBe('applied')
    const again = chain.map((entry): Entry => ({ ...entry, id: randomUUID() }))
    for (const [at, entry] of again.entries()) if (at > 0) entry.parent = { madeBy: again[at - 1]!.id }
    const startedAt = performance.now()
    const { status, body } = await push(
      member,
      again.flatMap((entry) => [entry, entry]),
    )
    expect(status, JSON.stringify(body)).toBe(200)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(body.results).toHaveLength(56)
  })
})

test('T25 JR-11 one request of many copies makes the others wait for one copy, not for all', async () => {
  const folder = await makeFolder(member, member.home.rootId)
  const { newFolder } = entriesIn(() => folder.id)
  await push(
    member,
    Array.from({ length: 300 }, () => newFolder(randomUUID())),
  )
  const copyTo = (name: string): Entry => ({
    id: randomUUID(),
    kind: 'copy',
    node: folder.id,
    to: { parent: member.home.rootId, name },
  })
  const running = { isCopied: false }
  const copied = push(
    member,
    Array.from({ length: 20 }, () => copyTo(randomUUID())),
  ).finally(() => (running.isCopied = true))
  let answers = 0
  while (!running.isCopied) {
    const { status } = await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name: randomUUID() })
    expect(status).toBe(201)
    if (!running.isCopied) answers += 1
  }
  const { body } = await copied
  expect(body.results.map((result: { outcome: string }) => result.outcome)).toEqual(Array(20).fill('applied'))
  expect(answers).toBeGreaterThanOrEqual(5)
})

test.each([`999999999999999.${randomUUID()}`, `253370764800000.${randomUUID()}`, `1.1.${randomUUID()}`, '1.', '.'])(
  'D-4: no place of the trash is %s',
  async (after) => {
    const answer = await member.call('GET', `/v1/trash?after=${after}`)
    expectProblem(answer, 'invalid-request', 'after')
  },
)
