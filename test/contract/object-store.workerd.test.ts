import { expect, test } from 'vitest'
import type { Sha256 } from '../../core/ids.ts'
import { s3ObjectStore } from '../../storage/s3/s3-object-store.ts'

const NOW = Date.UTC(2026, 10, 20, 12)
const ACCOUNT = { endpoint: 'https://store.example', region: 'auto', bucket: 'bitvault', accessKeyId: 'id' }
const HASH = 'ab'.repeat(32) as Sha256

/** A store that answers `response` to everything. */
const storeAnswering = (response: Response) =>
  s3ObjectStore({ ...ACCOUNT, secretAccessKey: 'secret', now: () => NOW, fetch: async () => response })

// The same figure as in storage/s3/s3-object-store.test.ts, which runs in Node.
test('T1: in workerd, a signed PUT carries the same signature as in Node', async () => {
  const store = storeAnswering(new Response())
  const request = await store.signPut({ key: 't/1/u/2/object', sha256: HASH, sizeBytes: 7 }, NOW)
  expect(request.headers['authorization']).toMatch(
    /Signature=8001a9b72dbf410b6757e0bd5c311ef332720f34baef98f04e0ce5bcea8e7644$/,
  )
})

test('in workerd, listings are read and objects are streamed', async () => {
  const xml =
    '<ListBucketResult><Contents><Key>a%2Fb</Key><LastModified>2026-11-20T12:00:00.000Z</LastModified><Size>5</Size></Contents><IsTruncated>false</IsTruncated></ListBucketResult>'
  expect(await storeAnswering(new Response(xml)).list('a')).toEqual({
    objects: [{ key: 'a/b', sizeBytes: 5, lastModifiedMs: NOW }],
    next: null,
  })
  const stream = await storeAnswering(new Response('bytes')).get('a/b')
  expect(stream).toBeInstanceOf(ReadableStream)
  expect(await new Response(stream as unknown as ReadableStream).text()).toBe('bytes')
})
