import { describe, expect, test } from 'vitest'
import { AppError } from '../../core/errors.ts'
import type { Sha256 } from '../../core/ids.ts'
import { s3ObjectStore } from './s3-object-store.ts'

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0, 400)
const SECRET = 'AKIA-very-secret'
const HASH = 'a'.repeat(64) as Sha256

type Step = (url: string, init: RequestInit) => Response | Promise<Response>

/** A store whose answers are the steps, in turn; past the last one the test fails. */
function storeAnswering(...steps: Step[]) {
  const calls: { url: string; init: RequestInit }[] = []
  const waits: number[] = []
  const store = s3ObjectStore({
    endpoint: 'https://store.example',
    region: 'auto',
    bucket: 'bucket',
    accessKeyId: 'id',
    secretAccessKey: SECRET,
    timeoutMs: 20,
    now: () => NOW,
    dice: () => 0.5,
    sleep: async (ms) => void waits.push(ms),
    fetch: async (url, init) => {
      calls.push({ url, init })
      const step = steps[calls.length - 1]
      if (step === undefined) throw new Error(`no answer for call ${calls.length}`)
      return step(url, init)
    },
  })
  return { store, calls, waits }
}

const failing =
  (status: number, code = 'SlowDown', headers: Record<string, string> = {}): Step =>
  () =>
    new Response(`<Error><Code>${code}</Code><StringToSign>${SECRET}</StringToSign></Error>`, { status, headers })
const cutOff: Step = () => Promise.reject(new TypeError('fetch failed'))
const silent: Step = (_, { signal }) =>
  new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
const bytes: Step = () => new Response('bytes')

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

describe('failures of the store', () => {
  test.each([
    ['503', failing(503)],
    ['500', failing(500, 'InternalError')],
    ['429', failing(429)],
    ['a cut connection', cutOff],
    ['silence', silent],
  ])('after %s a read is repeated, with growing waits, and then answers', async (_, failure) => {
    const { store, calls, waits } = storeAnswering(failure, failure, bytes)
    expect(await store.get('k')).not.toBeNull()
    expect([calls.length, waits]).toEqual([3, [75, 300]])
  })

  test('three failures are store-unavailable, with the time the store asked for', async () => {
    const busy = failing(503, 'SlowDown', { 'retry-after': '7' })
    const error = await failureOf(storeAnswering(busy, busy, busy).store.list('p'))
    expect([error.code, error.facts.retryAfterMs]).toEqual(['store-unavailable', 7000])
  })

  test('beginning a multipart upload is not repeated: each success would open another', async () => {
    const { store, calls } = storeAnswering(failing(503))
    expect((await failureOf(store.multipart.begin('k'))).code).toBe('store-unavailable')
    expect(calls.length).toBe(1)
  })

  test.each([
    ['wrong credentials', failing(403, 'SignatureDoesNotMatch')],
    ['no such bucket', failing(404, 'NoSuchBucket')],
    ['what it does not implement', failing(501, 'NotImplemented')],
  ])('%s is internal, at once, and never "no such object"', async (_, failure) => {
    const { store, calls } = storeAnswering(failure)
    expect((await failureOf(store.get('k'))).code).toBe('internal')
    expect(calls.length).toBe(1)
  })

  test('T23: no error holds the secret, a signature, or what S3 quotes of the request', async () => {
    for (const step of [failing(403, 'SignatureDoesNotMatch'), failing(501, 'NotImplemented')]) {
      const error = await failureOf(storeAnswering(step).store.get('k'))
      const text = `${error.stack} ${JSON.stringify(error.facts)} ${(error.cause as Error).stack}`
      expect(text).not.toContain(SECRET)
      expect(text).not.toMatch(/signature=/i)
    }
  })

  test('a store that ignores the range is not believed', async () => {
    expect((await failureOf(storeAnswering(bytes).store.get('k', { offset: 1, length: 2 }))).code).toBe('internal')
  })
})

describe('answers', () => {
  test('keys that could not be deleted are named', async () => {
    const xml = '<DeleteResult><Error><Key>a&amp;b</Key><Code>InternalError</Code></Error></DeleteResult>'
    const { store, calls } = storeAnswering(() => new Response(xml))
    expect(await store.deleteMany(['a&b', 'c'])).toEqual(['a&b'])
    expect(calls[0]?.init.body).toContain('<Key>a&amp;b</Key>')
  })

  test('a 200 that holds an error is not a joined upload', async () => {
    const late: Step = () => new Response('<Error><Code>InternalError</Code></Error>')
    const { store } = storeAnswering(late, late, late)
    const error = await failureOf(store.multipart.complete('k', 'm', [{ partNumber: 1, etag: '"e"' }]))
    expect(error.code).toBe('store-unavailable')
  })

  test('a lost answer to complete is found again by the object; another object does not count', async () => {
    const parts = [{ partNumber: 1, etag: '"e"' }]
    const gone = failing(404, 'NoSuchUpload')
    const head =
      (etag: string): Step =>
      () =>
        new Response(null, { headers: { etag } })
    await storeAnswering(cutOff, gone, head('"abc-1"')).store.multipart.complete('k', 'm', parts)
    const other = storeAnswering(cutOff, gone, head('"abc"')).store.multipart.complete('k', 'm', parts)
    expect((await failureOf(other)).code).toBe('upload-expired')
  })

  test('listParts goes through all pages', async () => {
    const page = (numbers: number[], isTruncated: boolean) => () =>
      new Response(
        `<ListPartsResult>${numbers.map((n) => `<Part><PartNumber>${n}</PartNumber><Size>${n}0</Size><ETag>&quot;e${n}&quot;</ETag></Part>`).join('')}<IsTruncated>${isTruncated}</IsTruncated></ListPartsResult>`,
      )
    const { store, calls } = storeAnswering(page([1, 2], true), page([3], false))
    expect((await store.multipart.listParts('k', 'm')).map(({ etag, sizeBytes }) => [etag, sizeBytes])).toEqual([
      ['"e1"', 10],
      ['"e2"', 20],
      ['"e3"', 30],
    ])
    expect(new URL(calls[1]?.url ?? '').searchParams.get('part-number-marker')).toBe('2')
  })
})

describe('signed requests', () => {
  test('T1: a signed PUT covers host, length, type, no-overwrite and both hashes, and is dated back to end in 5 min', async () => {
    const request = await storeAnswering().store.signPut({ key: 'a/b', sha256: HASH, sizeBytes: 7 }, NOW)
    expect(request.url).toBe('https://store.example/bucket/a/b')
    expect(request.headers).toMatchObject({
      'content-length': '7',
      'content-type': 'application/octet-stream',
      'if-none-match': '*',
      'x-amz-content-sha256': HASH,
      'x-amz-checksum-sha256': 'qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=',
      'x-amz-date': '20261120T115000Z',
    })
    expect(request.headers['authorization']).toContain(
      'SignedHeaders=content-length;content-type;host;if-none-match;x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date,',
    )
    expect(request.expiresAt).toBe(Date.UTC(2026, 10, 20, 12, 5))
  })

  // The same figure as in test/contract/object-store.workerd.test.ts, which runs in workerd.
  test('T1: a signed PUT carries the same signature as in workerd', async () => {
    const account = { endpoint: 'https://store.example', region: 'auto', bucket: 'bitvault', accessKeyId: 'id' }
    const store = s3ObjectStore({ ...account, secretAccessKey: 'secret' })
    const target = { key: 't/1/u/2/object', sha256: 'ab'.repeat(32) as Sha256, sizeBytes: 7 }
    const { headers } = await store.signPut(target, Date.UTC(2026, 10, 20, 12))
    expect(headers['authorization']).toMatch(
      /Signature=8001a9b72dbf410b6757e0bd5c311ef332720f34baef98f04e0ce5bcea8e7644$/,
    )
  })

  test('T2: a signed GET is an attachment under its own name, and header injection stays a name', async () => {
    const presentation = { fileName: 'ö\ud800"\r\nx: y.html', contentType: 'text/html\r\nx: y' }
    const { url } = await storeAnswering().store.signGet('k', { now: NOW, ttlMs: 60_500, presentation })
    const query = new URL(url).searchParams
    expect(query.get('response-content-disposition')).toBe(
      `attachment; filename="_____x: y.html"; filename*=UTF-8''%C3%B6%EF%BF%BD%22%0D%0Ax%3A%20y.html`,
    )
    expect(query.get('response-content-type')).toBe('application/octet-stream')
    expect([query.get('X-Amz-Expires'), query.get('X-Amz-SignedHeaders')]).toEqual(['60', 'host'])
  })

  test('clients are sent to the public endpoint, our own calls to the inner one', async () => {
    const seen: string[] = []
    const store = s3ObjectStore({
      endpoint: 'http://minio.internal:9000',
      publicEndpoint: 'https://files.example',
      region: 'auto',
      bucket: 'b',
      accessKeyId: 'id',
      secretAccessKey: SECRET,
      fetch: async (url) => {
        seen.push(url)
        return new Response('x')
      },
    })
    expect((await store.signGet('k', { now: NOW, ttlMs: 1000 })).url).toContain('https://files.example/b/k?')
    await store.get('k')
    expect(seen).toEqual(['http://minio.internal:9000/b/k'])
  })

  test('a key that a URL parser would fold is never signed', async () => {
    const { store } = storeAnswering()
    for (const key of ['a/../b', './a', '..'])
      await expect(store.signPut({ key, sha256: HASH, sizeBytes: 1 }, NOW)).rejects.toMatchObject({ code: 'internal' })
  })

  test("AWS's own example of a signed GET comes out the same", async () => {
    const { s3Signer } = await import('./sign.ts')
    // "Authenticating Requests: Using Query Parameters", Amazon S3 API reference.
    const signer = s3Signer({
      region: 'us-east-1',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    })
    const url = await signer.signQuery(
      { method: 'GET', url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'), headers: {} },
      { dateMs: Date.UTC(2013, 4, 24), expiresInSeconds: 86_400 },
    )
    expect(new URL(url).searchParams.get('X-Amz-Signature')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })
})
