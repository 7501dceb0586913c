import { expect, test } from 'vitest'
import type { StoreHarness } from './object-store-harness.ts'
import { bytesOf, HELLO, keysUnder, newPrefix, OTHER, put, readAll } from './object-store-harness.ts'

/** The half of the contract that is about reading: streams, slices, signed GETs. */
export function readContract(harness: () => StoreHarness): void {
  test('get answers null for an unknown key', async () => {
    expect(await harness().store.get(`${newPrefix()}none`)).toBeNull()
  })

  test('get answers exactly the slice asked for, or refuses it', async () => {
    const { store } = harness()
    const key = `${newPrefix()}a`
    await put(harness(), key, HELLO)
    expect(await readAll(await store.get(key, { offset: 0, length: 1 }))).toEqual(bytesOf('h'))
    expect(await readAll(await store.get(key, { offset: 7, length: 5 }))).toEqual(bytesOf('world'))
    expect(await readAll(await store.get(key, { offset: 0, length: 12 }))).toEqual(HELLO)
    for (const slice of [
      { offset: 7, length: 6 },
      { offset: 12, length: 1 },
    ])
      await expect(store.get(key, slice)).rejects.toMatchObject({ code: 'range-not-satisfiable' })
  })

  test('T2: a signed GET answers the object or the slice that it was made for', async () => {
    const { store, now, send } = harness()
    const key = `${newPrefix()}a`
    await put(harness(), key, HELLO)
    const presentation = { fileName: 'größe "1".txt', contentType: 'text/plain' }
    const whole = await store.signGet(key, { now: now(), ttlMs: 60_000, presentation })
    expect(whole.expiresAt).toBeLessThanOrEqual(now() + 60_000)
    const answer = await send(whole, new Uint8Array())
    expect([answer.status, answer.body]).toEqual([200, HELLO])
    if (!harness().lacks.has('presentation')) expect(answer.headers['content-disposition']).toMatch(/^attachment;/)
    const slice = await store.signGet(key, { now: now(), ttlMs: 60_000, slice: { offset: 7, length: 5 } })
    const part = await send(slice, new Uint8Array())
    expect([part.status, part.body]).toEqual([206, bytesOf('world')])
  })

  test('T2: a signed GET for a slice opens no other slice of a pack', async () => {
    const { store, now, send } = harness()
    const key = `${newPrefix()}a`
    await put(harness(), key, HELLO)
    const request = await store.signGet(key, { now: now(), ttlMs: 60_000, slice: { offset: 7, length: 5 } })
    for (const range of [null, 'bytes=0-11', 'bytes=0-4'])
      expect((await send(request, new Uint8Array(), { headers: { range } })).status).toBe(403)
  })

  test('T2: a signed GET that expired, or was made for another key or method, is refused', async () => {
    const { store, now, send } = harness()
    const prefix = newPrefix()
    await put(harness(), `${prefix}a`, HELLO)
    await put(harness(), `${prefix}ab`, OTHER)
    const expired = await store.signGet(`${prefix}a`, { now: now() - 62_000, ttlMs: 60_000 })
    expect((await send(expired, new Uint8Array())).status).toBe(403)
    const good = await store.signGet(`${prefix}a`, { now: now(), ttlMs: 60_000 })
    const otherUrl = good.url.replace('/a?', '/ab?').replace('%2Fa?', '%2Fab?')
    expect(otherUrl).not.toBe(good.url)
    expect((await send(good, new Uint8Array(), { url: otherUrl })).status).toBe(403)
    for (const method of ['PUT', 'DELETE', 'HEAD'])
      expect((await send(good, new Uint8Array(), { method })).status).toBe(403)
    expect((await send(good, new Uint8Array())).status).toBe(200)
  })

  test('T2: what a signed GET says of itself cannot be changed', async () => {
    const { store, now, send } = harness()
    const key = `${newPrefix()}a`
    await put(harness(), key, HELLO)
    const presentation = { fileName: 'a.txt', contentType: 'text/plain' }
    const good = await store.signGet(key, { now: now(), ttlMs: 60_000, presentation })
    const url = `${good.url}&response-content-disposition=inline`
    expect((await send(good, new Uint8Array(), { url })).status).toBe(403)
  })
}

/** Pages, prefixes and batch deletion. */
export function listContract(harness: () => StoreHarness): void {
  test('list pages through more than 1,000 keys, in order, each once', { timeout: 60_000 }, async () => {
    const { store } = harness()
    const prefix = newPrefix()
    const keys = Array.from({ length: 1005 }, (_, i) => `${prefix}${String(i).padStart(4, '0')}`)
    const queue = [...keys]
    const worker = async () => {
      for (let key = queue.pop(); key !== undefined; key = queue.pop())
        expect(await put(harness(), key, bytesOf('.'))).toBe(200)
    }
    await Promise.all(Array.from({ length: 16 }, worker))
    const first = await store.list(prefix)
    expect(first.objects.map(({ key }) => key)).toEqual(keys.slice(0, 1000))
    const second = await store.list(prefix, first.next ?? undefined)
    expect(second.objects.map(({ key }) => key)).toEqual(keys.slice(1000))
    expect(second.next).toBeNull()
    expect(await store.deleteMany(keys.slice(0, 1000))).toEqual([])
    expect(await keysUnder(store, prefix)).toEqual(keys.slice(1000))
  })

  test('a prefix is taken to the letter', async () => {
    const { store } = harness()
    const prefix = newPrefix()
    const names = ['a_b/1', 'axb/1', 'A_B/1', 'a%/1', 'a/1', 'a/10', 'ab/1']
    for (const name of names) await put(harness(), prefix + name, HELLO)
    const under = async (text: string) => (await keysUnder(store, prefix + text)).map((key) => key.slice(prefix.length))
    expect(await under('a_b/')).toEqual(['a_b/1'])
    expect(await under('a%/')).toEqual(['a%/1'])
    expect(await under('a/1')).toEqual(['a/1', 'a/10'])
    expect(await under('none')).toEqual([])
  })

  test('deleteMany takes unknown keys, and deletes only what it was given', async () => {
    const { store } = harness()
    const prefix = newPrefix()
    for (const name of ['a', 'ab', 'b']) await put(harness(), prefix + name, HELLO)
    expect(await store.deleteMany([`${prefix}a`, `${prefix}unknown`])).toEqual([])
    expect(await store.deleteMany([])).toEqual([])
    expect(await keysUnder(store, prefix)).toEqual([`${prefix}ab`, `${prefix}b`])
    expect(await put(harness(), `${prefix}a`, OTHER)).toBe(200) // a deleted key is free again
  })
}
