import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
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

test('T25 LV-16 a socket that never reads is let go before much waits for it', async () => {
  const folder = await makeFolder(member, member.home.rootId)
  const socket = await openAndPause(stack.url, member.token)
  let sentBytes = 0
  for (let round = 0; round < 12; round++) {
    const entries = Array.from({ length: 100 }, () => changeOf(folder.id))
    sentBytes += JSON.stringify(entries).length
    expect((await push(member, entries)).status).toBe(200)
  }
  const received = await readOn(socket, '"code":4408')
  expect(sentBytes).toBeGreaterThan(18_000_000)
  expect(received).toBeLessThan(12_000_000)
  socket.destroy()
})

/** About 16 KiB. */
const changeOf = (node: string): Entry => ({
  id: randomUUID(),
  kind: 'set-attributes',
  node,
  properties: Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`p${at}`, randomBytes(500).toString('hex')])),
})

/** A live socket of a client that stops reading once it is open. */
async function openAndPause(url: string, token: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  const key = randomBytes(16).toString('base64')
  socket.write(
    `GET /v1/sync/live HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
      `sec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  expect(head.toString('latin1')).toMatch(/^HTTP\/1\.1 101 /)
  socket.pause()
  return socket
}

/** Reads all that waits, up to where `last` stands. @returns how many bytes */
async function readOn(socket: Socket, last: string): Promise<number> {
  let [bytes, tail] = [0, '']
  for await (const part of socket as AsyncIterable<Buffer>) {
    bytes += part.length
    tail = tail.slice(-last.length) + part.toString('latin1')
    if (tail.includes(last)) return bytes
  }
  throw new Error('it ended without a reason')
}

test.each([`999999999999999.${randomUUID()}`, `253370764800000.${randomUUID()}`, `1.1.${randomUUID()}`, '1.', '.'])(
  'D-4: no place of the trash is %s',
  async (after) => {
    const answer = await member.call('GET', `/v1/trash?after=${after}`)
    expectProblem(answer, 'invalid-request', 'after')
  },
)
