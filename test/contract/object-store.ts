import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { multipartContract } from './object-store-multipart.ts'
import { listContract, readContract } from './object-store-reads.ts'
import type { Changes, StoreHarness } from './object-store-harness.ts'
import { bytesOf, HELLO, hashOf, keysUnder, newPrefix, OTHER, put, readAll, targetOf } from './object-store-harness.ts'

/**
 * What every ObjectStore holds to (core/object-store.ts), run on each adapter. Each test has a key prefix of its own.
 * A refusal is: no success status, and nothing under the prefix afterwards.
 */
export function objectStoreContract(name: string, open: () => Promise<StoreHarness>): void {
  describe(`${name}: object store contract`, () => {
    let opened: StoreHarness
    beforeAll(async () => {
      opened = await open()
    }, 30_000)
    afterAll(() => opened?.close())
    const harness = () => opened
    signedPutContract(harness)
    refusedPutContract(harness)
    readContract(harness)
    listContract(harness)
    multipartContract(harness)
  })
}

function signedPutContract(harness: () => StoreHarness): void {
  test('T1: the bytes that were signed are stored', async () => {
    const { store } = harness()
    const prefix = newPrefix()
    expect(await put(harness(), `${prefix}a`, HELLO)).toBe(200)
    expect(await readAll(await store.get(`${prefix}a`))).toEqual(HELLO)
    const page = await store.list(prefix)
    expect(page.objects).toEqual([{ key: `${prefix}a`, sizeBytes: 12, lastModifiedMs: expect.any(Number) }])
    expect(Math.abs((page.objects[0]?.lastModifiedMs ?? 0) - harness().now())).toBeLessThan(60_000)
  })

  test('T1: a second PUT is refused and the stored bytes stay', async () => {
    const { store } = harness()
    const key = `${newPrefix()}a`
    expect(await put(harness(), key, HELLO)).toBe(200)
    expect(await put(harness(), key, OTHER)).toBe(412)
    expect(await put(harness(), key, HELLO)).toBe(412)
    expect(await readAll(await store.get(key))).toEqual(HELLO)
  })

  test('T1: of two PUTs to one key at the same time exactly one is taken', async () => {
    const key = `${newPrefix()}a`
    const bodies = Array.from({ length: 6 }, (_, i) => bytesOf(`body ${i}`))
    const statuses = await Promise.all(bodies.map((body) => put(harness(), key, body)))
    expect(statuses.toSorted()).toEqual([200, 412, 412, 412, 412, 412])
    const winner = bodies[statuses.indexOf(200)]
    expect(await readAll(await harness().store.get(key))).toEqual(winner)
  })

  test('T1: a signed PUT lives exactly as long as it says', async () => {
    const { store, now, send } = harness()
    const prefix = newPrefix()
    const at = now()
    const lifeMs = (await store.signPut(targetOf(prefix, HELLO), at)).expiresAt - at
    expect(lifeMs).toBeGreaterThan(0)
    expect(lifeMs).toBeLessThanOrEqual(5 * 60_000)
    const dead = await store.signPut(targetOf(`${prefix}dead`, HELLO), at - lifeMs - 2000)
    expect((await send(dead, HELLO)).status).toBeGreaterThanOrEqual(400)
    const alive = await store.signPut(targetOf(`${prefix}alive`, HELLO), at - lifeMs + 20_000)
    expect((await send(alive, HELLO)).status).toBe(200)
    expect(await keysUnder(store, prefix)).toEqual([`${prefix}alive`])
  })

  test('keys with characters that URLs and XML encode arrive as they are', async () => {
    const { store } = harness()
    const prefix = newPrefix()
    const keys = ['a b', '+', '%2F', "a'(b)*!", 'x&y<z>"', 'ä', '日本', '😀'].map((name) => `${prefix}${name}`)
    for (const key of keys) expect(await put(harness(), key, bytesOf(key))).toBe(200)
    expect((await keysUnder(store, prefix)).toSorted()).toEqual(keys.toSorted())
    for (const key of keys) expect(await readAll(await store.get(key))).toEqual(bytesOf(key))
    expect(await store.deleteMany(keys)).toEqual([])
    expect(await keysUnder(store, prefix)).toEqual([])
  })
}

function refusedPutContract(harness: () => StoreHarness): void {
  /** Signs a PUT of HELLO, sends it changed, and holds that nothing was stored. */
  async function expectRefused(what: { body?: Uint8Array; changes?: (url: string) => Changes }) {
    const { store, now, send } = harness()
    const prefix = newPrefix()
    const request = await store.signPut(targetOf(`${prefix}a`, HELLO), now())
    const { status } = await send(request, what.body ?? HELLO, what.changes?.(request.url) ?? {})
    expect(status === 0 || status >= 400, `status ${status}`).toBe(true)
    expect(await keysUnder(store, prefix)).toEqual([])
    // The request itself was good: sent as it is, it is still taken.
    expect((await send(request, HELLO)).status).toBe(200)
  }
  const lengthOf = (bytes: Uint8Array) => () => ({ headers: { 'content-length': String(bytes.length) } })
  const SHORTER = HELLO.subarray(0, 5)
  const LONGER = bytesOf('hello, world, and more')

  test('T1: other bytes of the same length are refused', () => expectRefused({ body: OTHER }))
  test('T1: fewer bytes, with their true length, are refused', () =>
    expectRefused({ body: SHORTER, changes: lengthOf(SHORTER) }))
  test('T1: more bytes, with their true length, are refused', () =>
    expectRefused({ body: LONGER, changes: lengthOf(LONGER) }))
  test('T1: fewer bytes than the signed length are refused', () => expectRefused({ body: SHORTER }))
  test('T1: other bytes with their own hash are refused', () =>
    expectRefused({ body: OTHER, changes: () => ({ headers: { 'x-amz-content-sha256': hashOf(OTHER) } }) }))
  test('T1: unsigned payload is refused', () =>
    expectRefused({ body: OTHER, changes: () => ({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }) }))
  test('T1: another key is refused', () => expectRefused({ changes: (url) => ({ url: `${url}b` }) }))
  test('T1: another content type is refused', () =>
    expectRefused({ changes: () => ({ headers: { 'content-type': 'text/html' } }) }))
  test('T1: the way round the no-overwrite rule is refused', () =>
    expectRefused({ changes: () => ({ headers: { 'if-none-match': '"0"' } }) }))

  test.each(['POST', 'DELETE', 'GET', 'HEAD'])('T1: method %s with the signature of a PUT is refused', (method) =>
    expectRefused({ changes: () => ({ method }) }),
  )

  test('T1: every signed header, dropped or changed, makes the request void', async () => {
    const { store, now, send } = harness()
    const prefix = newPrefix()
    const request = await store.signPut(targetOf(`${prefix}a`, HELLO), now())
    const names = Object.keys(request.headers)
    expect(names).toEqual(
      expect.arrayContaining(['content-length', 'content-type', 'if-none-match', 'x-amz-content-sha256']),
    )
    for (const name of names) {
      const dropped = await send(request, HELLO, { headers: { [name]: null } })
      expect(dropped.status === 0 || dropped.status >= 400, `${name} dropped: ${dropped.status}`).toBe(true)
      const value = `${request.headers[name]}0`
      const changed = await send(request, HELLO, { headers: { [name]: value } })
      expect(changed.status === 0 || changed.status >= 400, `${name} changed: ${changed.status}`).toBe(true)
    }
    expect(await keysUnder(store, prefix)).toEqual([])
  })

  test('T1, T6: a signed PUT cannot be turned into a copy of another object', async () => {
    const { store, now, send } = harness()
    const prefix = newPrefix()
    await put(harness(), `${prefix}secret`, OTHER)
    const request = await store.signPut(targetOf(`${prefix}a`, HELLO), now())
    const source = { 'x-amz-copy-source': `/bitvault/${prefix}secret` }
    expect((await send(request, HELLO, { headers: source })).status).toBeGreaterThanOrEqual(400)
    expect(await keysUnder(store, prefix)).toEqual([`${prefix}secret`])
  })
}
