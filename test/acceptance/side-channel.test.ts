import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import {
  addAccount,
  chunkedFile,
  firstAccount,
  inlineFile,
  put,
  sha256,
  someBytes,
  type Account,
  type Answer,
} from '../support/account.ts'
import { openHoldings } from '../support/holdings.ts'
import { otherTenant } from '../support/other-tenant.ts'
import { testStack } from '../support/stack.ts'

/** What is stored must not be guessed by who may not read it, and what is claimed must not be believed (T5, T7). */
let stack: Stack
let alice: Account
let bob: Account
let stranger: Account
let holdings: Awaited<ReturnType<typeof openHoldings>>

/** While it is shut, no pack is verified. */
let gate = Promise.resolve()
let faults: Server

beforeAll(async () => {
  faults = createServer(async (request, response) => {
    if (request.url === '/at/verify.before-read') await gate
    response.end()
  })
  await new Promise<void>((resolve) => faults.listen(0, '127.0.0.1', resolve))
  stack = await testStack({ faults: `http://127.0.0.1:${(faults.address() as AddressInfo).port}` })
  alice = await firstAccount(stack)
  bob = await addAccount(stack, alice, 'bob@example.com')
  stranger = await otherTenant(stack, 'stranger@example.net')
  holdings = await openHoldings(stack)
})
afterAll(async () => {
  await holdings?.close()
  await stack?.stop()
  faults?.closeAllConnections()
  faults?.close()
})

const init = (who: Account, bytes: Uint8Array, more: Record<string, unknown> = {}): Promise<Answer> =>
  who.call('POST', '/v1/files', chunkedFile(who.home.rootId, randomUUID(), bytes, more))
const commit = (who: Account, id: string): Promise<Answer> => who.call('POST', `/v1/files/${id}/commit`, {})

async function upload(who: Account, bytes: Uint8Array) {
  const { body } = await init(who, bytes)
  for (const { request } of body.requests) expect((await put(request, bytes)).status).toBe(200)
  const answer = body.uploadId === null ? null : await commit(who, body.uploadId)
  return (answer?.body.results[0] ?? body.files[0].result).node as { id: string }
}

async function bytesOf(who: Account, id: string): Promise<Buffer> {
  const answer = await who.call('GET', `/v1/files/${id}/content`)
  expect(answer.status).toBe(302)
  return Buffer.from(await (await fetch(answer.headers.get('location')!)).arrayBuffer())
}

/** An answer with what differs between any two requests taken out: ids, hashes, signatures, times. */
const shape = ({ status, headers, body }: Answer) => ({
  status,
  headers: [...headers].filter(([name]) => name !== 'date' && name !== 'content-length'),
  body: JSON.parse(
    JSON.stringify(body)
      .replaceAll(/[0-9a-f]{64}|[\w+/]{43}=/g, 'HASH')
      .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
      .replaceAll(/\d{8}T\d{6}Z/g, 'TIME')
      .replaceAll(/"expiresAt":\d+/g, '"expiresAt":0'),
  ),
})

describe('HR-17 T5 nobody learns what others have stored', () => {
  test('init and check answer for a stored file of another as for bytes that nobody has', async () => {
    const secret = someBytes(20_000)
    await upload(alice, secret)
    for (const who of [bob, stranger]) {
      const fresh = someBytes(20_000)
      const [stored, unknown] = [await init(who, secret), await init(who, fresh)]
      expect(stored.body.missing).toEqual([sha256(secret)])
      expect(shape(stored)).toEqual(shape(unknown))
      const ask = (answer: Answer, bytes: Uint8Array) =>
        who.call('POST', `/v1/uploads/${answer.body.uploadId}/objects`, {
          check: [{ sha256: sha256(bytes), size: bytes.length }],
        })
      const [checked, checkedUnknown] = [await ask(stored, secret), await ask(unknown, fresh)]
      expect(checked.body.missing).toEqual([sha256(secret)])
      expect(shape(checked)).toEqual(shape(checkedUnknown))
    }
  })

  test('the PUT is taken and not answered 412, the commit stores an own copy, and both outlive each other', async () => {
    const secret = someBytes(20_000)
    const hers = await upload(alice, secret)
    for (const who of [bob, stranger]) {
      const begun = await init(who, secret)
      const sent = await put(begun.body.requests[0].request, secret)
      expect(sent.status).toBe(200)
      const answer = await commit(who, begun.body.uploadId)
      expect(answer.body.results[0]).toMatchObject({ outcome: 'applied', node: { sha256: sha256(secret) } })
      expect((await bytesOf(who, answer.body.results[0].node.id)).equals(secret)).toBe(true)
    }
    const keys = await holdings.db`select object_key from chunks where sha256 = ${sha256(secret)}`
    expect(new Set(keys.map((row) => row['object_key'])).size).toBe(3)
    expect((await bytesOf(alice, hers.id)).equals(secret)).toBe(true)
  })

  test('guessing a letter of few variants tells nothing: each guess is missing, the right one too', async () => {
    const letter = (salary: number) => Buffer.from(`Dear Bob, your salary will be ${salary}.`.padEnd(6_000, ' '))
    await upload(alice, letter(50))
    const guesses = Array.from({ length: 100 }, (_, salary) => letter(salary))
    const files = guesses.map((guess, i) => chunkedFile(bob.home.rootId, `guess ${i}`, guess))
    const answer = await bob.call('POST', '/v1/files', { files, requests: 'none' })
    expect(answer.body.missing.toSorted()).toEqual(guesses.map((guess) => sha256(guess)).toSorted())
  })

  test('a signed request of one upload is no use for another: its key is private', async () => {
    const bytes = someBytes(9_000)
    const [hers, his] = [await init(alice, bytes), await init(bob, bytes)]
    const { request } = his.body.requests[0]
    const swapped = { ...request, url: hers.body.requests[0].request.url }
    expect((await put(swapped, bytes)).status).toBe(403)
    expect((await alice.call('GET', `/v1/uploads/${hers.body.uploadId}`)).body.arrived).toEqual([])
  })
})

describe('HR-18 T7 what a pack claims is not believed', () => {
  /** Alice stores junk and claims that it is `good`. */
  async function poison(good: Uint8Array): Promise<{ node: { id: string }; junk: Buffer }> {
    const junk = someBytes(good.length)
    const file = chunkedFile(alice.home.rootId, randomUUID(), good)
    const begun = await alice.call('POST', '/v1/files', { files: [file], requests: 'none' })
    const signed = await alice.call('POST', `/v1/uploads/${begun.body.uploadId}/objects`, {
      objects: [{ sha256: sha256(junk), size: junk.length, pack: [{ sha256: sha256(good), size: good.length }] }],
    })
    expect((await put(signed.body.requests[0].request, junk)).status).toBe(200)
    const answer = await commit(alice, begun.body.uploadId)
    expect(answer.body.results[0].outcome).toBe('applied')
    return { node: answer.body.results[0].node, junk: Buffer.from(junk) }
  }

  const states = async (bytes: Uint8Array): Promise<string[]> => {
    const rows =
      await holdings.db`select state, verified from chunks where sha256 = ${sha256(bytes)} order by created_at`
    return rows.map((row) => `${row['state']}${row['verified'] ? ', verified' : ''}`)
  }
  const isQuarantined = (bytes: Uint8Array) =>
    expect.poll(async () => (await states(bytes))[0], { timeout: 10_000, interval: 50 }).toBe('quarantined')

  test('junk under the hash of a file never reaches another user, before or after it is found out', async () => {
    const good = someBytes(20_000)
    const { node: hers } = await poison(good)
    const begun = await init(bob, good)
    expect(begun.body.missing).toEqual([sha256(good)])
    await put(begun.body.requests[0].request, good)
    const committed = await commit(bob, begun.body.uploadId)
    const { id } = committed.body.results[0].node
    expect((await bytesOf(bob, id)).equals(good)).toBe(true)
    await isQuarantined(good)
    expect((await bytesOf(bob, id)).equals(good)).toBe(true)
    expect(await states(good)).toEqual(['quarantined', 'live, verified'])
    const answer = await alice.call('GET', `/v1/files/${hers.id}/content`)
    expect(answer).toMatchObject({ status: 422, body: { code: 'content-mismatch' } })
  })

  test('what was found out cannot be committed again from the same upload; the first answer stays the first answer', async () => {
    const [good, junk] = [someBytes(20_000), someBytes(20_000)]
    const files = ['first', 'second'].map((name) => chunkedFile(alice.home.rootId, `${name} ${randomUUID()}`, good))
    const begun = await alice.call('POST', '/v1/files', { files, requests: 'none' })
    const { uploadId } = begun.body
    const pack = [{ sha256: sha256(good), size: good.length }]
    const objects = [{ sha256: sha256(junk), size: junk.length, pack }]
    const signed = await alice.call('POST', `/v1/uploads/${uploadId}/objects`, { objects })
    await put(signed.body.requests[0].request, junk)
    const only = (index: number) => alice.call('POST', `/v1/files/${uploadId}/commit`, { files: [{ index }] })
    const first = await only(0)
    expect(first.body.results[0].outcome).toBe('applied')
    await isQuarantined(good)
    expect((await only(1)).body.results[0]).toMatchObject({
      outcome: 'rejected',
      problem: { code: 'chunk-unavailable' },
    })
    expect((await only(0)).body).toEqual(first.body)
  })

  test('a reader of the space it was put into gets no byte of it, and the hash is not held for them', async () => {
    const good = someBytes(20_000)
    let open = () => {}
    gate = new Promise((resolve) => (open = resolve))
    const { node, junk } = await poison(good)
    await holdings.db`insert into space_members (tenant_id, space_id, user_id, role)
      values (${alice.tenantId}, ${alice.home.id}, ${bob.userId}, 'reader')`
    await expect
      .poll(async () => (await bob.call('GET', `/v1/files/${node.id}`)).status, { timeout: 5_000, interval: 100 })
      .toBe(200)
    const path = `/v1/files/${node.id}/content`
    expect(await states(good)).toEqual(['live'])
    expect((await init(bob, good)).body.missing).toEqual([sha256(good)])
    for (const range of ['', 'bytes=0-9']) expect(junk.includes(await readWhatComes(bob, path, range))).toBe(false)
    open()
    await isQuarantined(good)
    expect((await init(bob, good)).body.missing).toEqual([sha256(good)])
    for (const accept of ['*/*', 'application/vnd.bitvault.content+json']) {
      const answer = await bob.call('GET', path, undefined, { accept })
      expect(answer).toMatchObject({ status: 422, body: { code: 'content-mismatch' } })
    }
  })

  /** The bytes of a body that may break off, at least one: an empty text is part of any. */
  async function readWhatComes(who: Account, path: string, range: string): Promise<Buffer> {
    const parts: Uint8Array[] = []
    try {
      const headers = { authorization: `Bearer ${who.token}`, ...(range === '' ? {} : { range }) }
      const response = await fetch(stack.url + path, { headers })
      for await (const part of response.body!) parts.push(part)
    } catch {
      // it broke off, as it should
    }
    return Buffer.concat([...parts, Buffer.from([...parts].length === 0 ? 'nothing came' : '')])
  }

  test('who claimed falsely can mend it: the true bytes, sent again, are stored and served', async () => {
    const good = someBytes(20_000)
    await poison(good)
    await isQuarantined(good)
    const begun = await init(alice, good)
    expect(begun.body.missing).toEqual([sha256(good)])
    const mended = await upload(alice, good)
    expect((await bytesOf(alice, mended.id)).equals(good)).toBe(true)
  })
})

test('T27 two tenants in turn on one isolate: each answer holds its own words only', async () => {
  const words = { alice: `mine-${randomUUID()}`, stranger: `theirs-${randomUUID()}` }
  const make = async (who: Account, word: string) => {
    const made = await who.call('POST', '/v1/files', inlineFile(who.home.rootId, word, word))
    return `/v1/files/${made.body.files[0].result.node.id}`
  }
  const [hers, his] = [await make(alice, words.alice), await make(stranger, words.stranger)]
  const ask = async (who: Account, own: string, other: string, file: string) => {
    const paths = [file, `${file}/content`, `/v1/folders/${who.home.rootId}/children`, '/v1/sync/changes', '/v1/spaces']
    const answers = await Promise.all(paths.map((path) => who.call('GET', path)))
    const text = JSON.stringify(answers.map(({ headers, body }) => [[...headers], body]))
    expect(text).toContain(own)
    expect(text).not.toContain(other)
  }
  for (let round = 0; round < 20; round++) {
    const both = [ask(alice, words.alice, words.stranger, hers), ask(stranger, words.stranger, words.alice, his)]
    await Promise.all(round % 2 === 0 ? both : both.toReversed())
  }
})
