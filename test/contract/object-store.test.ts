import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SignedRequest } from '../../core/object-store.ts'
import type { LocalR2 } from '../../embedded/local-r2.ts'
import { startLocalR2 } from '../../embedded/local-r2.ts'
import { memoryObjectStore } from '../../storage/memory/memory-object-store.ts'
import { s3ObjectStore } from '../../storage/s3/s3-object-store.ts'
import type { Answer, Changes } from './object-store-harness.ts'
import { bytesOf, changedHeaders, targetOf } from './object-store-harness.ts'
import { objectStoreContract } from './object-store.ts'

const ACCOUNT = { bucket: 'bitvault', accessKeyId: 'contract', secretAccessKey: 'contract-secret' }

objectStoreContract('memory', async () => {
  const now = () => Date.UTC(2026, 10, 20, 12)
  const store = memoryObjectStore({ now })
  const send = async (request: SignedRequest, body: Uint8Array, changes: Changes = {}) => {
    const { method, url } = { ...request, ...changes }
    return store.send({ method, url, headers: changedHeaders(request, changes) }, body)
  }
  return { store, now, send, lacks: new Set(['presentation']), close: async () => {} }
})

objectStoreContract('S3 adapter on the local R2 endpoint', async () => {
  const { r2, end } = await temporaryR2()
  const store = s3ObjectStore({ ...ACCOUNT, endpoint: r2.endpoint, region: 'auto' })
  return { store, now: Date.now, send: sendOverHttp, lacks: store.lacks, close: end }
})

describe('an independent client', () => {
  let opened: { r2: LocalR2; end(): Promise<void> }
  beforeAll(async () => {
    opened = await temporaryR2()
  }, 30_000)
  afterAll(() => opened?.end())

  test('the AWS SDK reads what our signed PUT stored, byte for byte', async () => {
    const { endpoint } = opened.r2
    const store = s3ObjectStore({ ...ACCOUNT, endpoint, region: 'auto' })
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255)
    const request = await store.signPut(targetOf('t/1/u/2/object', bytes), Date.now())
    expect((await fetch(request.url, { method: 'PUT', headers: request.headers, body: bytes })).status).toBe(200)
    const sdk = new S3Client({ endpoint, region: 'auto', credentials: ACCOUNT, forcePathStyle: true })
    const object = await sdk.send(new GetObjectCommand({ Bucket: ACCOUNT.bucket, Key: 't/1/u/2/object' }))
    expect(await object.Body?.transformToByteArray()).toEqual(bytes)
    expect(object.ContentType).toBe('application/octet-stream')
    const listing = await sdk.send(new ListObjectsV2Command({ Bucket: ACCOUNT.bucket, Prefix: 't/1/' }))
    expect(listing.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([['t/1/u/2/object', bytes.length]])
    sdk.destroy()
  })

  test('the bucket answers only those who know its secret', async () => {
    const { endpoint } = opened.r2
    const stranger = s3ObjectStore({ ...ACCOUNT, secretAccessKey: 'guess', endpoint, region: 'auto' })
    await expect(stranger.list('')).rejects.toMatchObject({ code: 'internal' })
    const request = await stranger.signPut(targetOf('t/1/x', bytesOf('x')), Date.now())
    expect((await sendOverHttp(request, bytesOf('x'))).status).toBe(403)
    expect((await fetch(`${endpoint}/${ACCOUNT.bucket}?list-type=2`)).status).toBe(400)
  })
})

async function temporaryR2() {
  const dir = await mkdtemp(join(tmpdir(), 'bitvault-r2-'))
  const r2 = await startLocalR2({ ...ACCOUNT, dir })
  const end = async () => {
    await r2.stop()
    await rm(dir, { recursive: true, force: true })
  }
  return { r2, end }
}

/** Plain HTTP, since `fetch` would put the tamperer's headers right again. */
function sendOverHttp(request: SignedRequest, body: Uint8Array, changes: Changes = {}): Promise<Answer> {
  const { method, url } = { ...request, ...changes }
  const headers = changedHeaders(request, changes)
  if (headers['content-length'] === undefined && body.length > 0) headers['transfer-encoding'] = 'chunked'
  const isCutShort = Number(headers['content-length'] ?? body.length) > body.length
  return new Promise((resolve) => {
    const cut = () => resolve({ status: 0, headers: {}, body: new Uint8Array() })
    const outgoing = httpRequest(url, { method, headers, agent: false }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', cut)
      response.on('end', () => {
        const texts = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        const all = Uint8Array.from(Buffer.concat(pieces))
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(texts), body: all })
      })
    })
    outgoing.on('error', cut)
    if (!isCutShort) outgoing.end(body)
    else outgoing.write(body, () => outgoing.destroy())
  })
}
