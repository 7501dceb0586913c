import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryServer, sha256Hex, type MemoryServer } from '../../test/support/memory-server.ts'
import { createApi, type Api } from '../api.ts'
import { nodeFileTarget } from '../node/file-target.ts'
import { downloadFile, openContent } from './download.ts'
import { fetchChunks } from './fetch-chunks.ts'
import { openRemoteContent } from './remote-content.ts'

const MIB = 1024 * 1024
let dir: string
let server: MemoryServer
let api: Api
let target: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bitvault-download-'))
  target = join(dir, 'target')
  server = createMemoryServer()
  api = createApi({
    baseUrl: 'http://server',
    accessToken: async () => 'token',
    fetch: (...args) => server.fetch(...args),
    clock: () => server.now,
    random: (length) => randomBytes(length),
    sleep: async () => {},
  })
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** A file as any client may have stored it: these plaintext chunks, each an object of its own unless packed. */
async function store(
  chunks: Buffer[],
  options: { codec?: 'raw' | 'zstd'; packed?: boolean; sha256?: string } = {},
): Promise<string> {
  const { codec = 'raw', packed = false } = options
  const stored = chunks.map((plain) => (codec === 'zstd' ? zstdCompressSync(plain) : plain))
  const whole = Buffer.concat(chunks)
  const refs = stored.map((bytes, at) => ({ sha256: sha256Hex(bytes), size: bytes.length, plain: chunks[at]!.length }))
  const file = {
    target: { parent: server.rootId, name: randomUUID() },
    size: whole.length,
    sha256: options.sha256 ?? sha256Hex(whole),
  }
  const { uploadId } = await api.initUpload({
    files: [{ ...file, content: { codec, chunks: refs } }],
    requests: 'none',
  })
  const objects = packed ? [Buffer.concat(stored)] : stored
  const named = refs.map(({ sha256, size }) => ({ sha256, size }))
  await api.uploadObjects(uploadId!, {
    objects: objects.map((bytes) => ({
      sha256: sha256Hex(bytes),
      size: bytes.length,
      ...(packed ? { pack: named } : {}),
    })),
  })
  for (const bytes of objects) server.objects.set(`${uploadId}/${sha256Hex(bytes)}`, bytes)
  const [result] = await api.commit(uploadId!)
  if (result?.outcome !== 'applied') throw new Error('not stored')
  return result.node.id
}

const download = (id: string) => downloadFile(api, id, { target: nodeFileTarget(target) })
const isGet = (what: string) => what === 'GET object'

describe('TF-7 a download', () => {
  test('joins many chunks over several windows of the list, whatever they are made of', async () => {
    for (const options of [{}, { codec: 'zstd' as const }, { packed: true }]) {
      const once = Array.from({ length: 250 }, (_, i) => randomBytes(1 + ((i * 7_919) % 30_000)))
      // Some come again, in another order: each is fetched from where it lies.
      const chunks = options.packed ? once : [...once, ...once.slice(3, 9).toReversed(), once[0]!]
      await download(await store(chunks, options))
      expect((await readFile(target)).equals(Buffer.concat(chunks)), JSON.stringify(options)).toBe(true)
    }
    expect(await readdir(dir)).toEqual(['target'])
  })

  test('streams a chunk that is larger than memory should hold, and still judges it', async () => {
    const large = randomBytes(40 * MIB)
    const id = await store([large])
    await download(id)
    expect((await readFile(target)).equals(large)).toBe(true)
    for (const [key, bytes] of server.objects)
      server.objects.set(
        key,
        bytes.map((byte, at) => (at === 39 * MIB ? byte ^ 1 : byte)),
      )
    await expect(download(id)).rejects.toMatchObject({ code: 'content-mismatch', facts: { field: 'chunks/0' } })
    expect((await readFile(target)).equals(large)).toBe(true)
  })

  test('asks for new signatures when they have expired on the way', async () => {
    const chunks = Array.from({ length: 30 }, () => randomBytes(1 * MIB))
    const id = await store(chunks)
    let gets = 0
    server.intercept = ({ what }) => {
      if (isGet(what) && ++gets % 10 === 0) server.now += 61_000
    }
    await download(id)
    expect((await readFile(target)).equals(Buffer.concat(chunks))).toBe(true)
    expect(server.log.filter((what) => what.endsWith('/content')).length).toBeGreaterThan(1)
  })

  test('goes on where a body broke off, without a gap or a byte twice', async () => {
    const large = randomBytes(24 * MIB)
    const id = await store([large])
    let gets = 0
    server.intercept = ({ what }) => {
      if (!isGet(what) || ++gets > 3) return
      const broken = new ReadableStream({
        start: (controller) => {
          controller.enqueue(Uint8Array.from(large.subarray(0, gets * 5 * MIB)))
          controller.error(new TypeError('terminated'))
        },
      })
      return new Response(broken, { status: 206 })
    }
    await download(id)
    expect((await readFile(target)).equals(large)).toBe(true)
  })

  test('a list that breaks off is told, whatever was fetched of it by then', async () => {
    const id = await store(Array.from({ length: 150 }, () => randomBytes(1_000)))
    let lists = 0
    server.intercept = ({ what }) => {
      if (what.endsWith('/content') && ++lists === 2)
        return Response.json({ type: 'about:blank', status: 404, code: 'not-found' }, { status: 404 })
    }
    await expect(download(id)).rejects.toMatchObject({ code: 'not-found' })
    expect(lists).toBe(2)
    expect(await readdir(dir)).toEqual([])
  })

  test('of a pack, the chunk that was damaged is named', async () => {
    const id = await store(
      Array.from({ length: 5 }, () => randomBytes(1_000)),
      { packed: true },
    )
    for (const bytes of server.objects.values()) bytes[2_500]! ^= 1
    await expect(download(id)).rejects.toMatchObject({ code: 'content-mismatch', facts: { field: 'chunks/2' } })
    expect(await readdir(dir)).toEqual([])
  })

  test('an object that is gone is named, after one look for a new place', async () => {
    const id = await store([randomBytes(1_000), randomBytes(2_000)])
    const [first] = server.objects.keys()
    server.objects.delete(first!)
    await writeFile(target, 'old')
    await expect(download(id)).rejects.toMatchObject({ code: 'content-mismatch', facts: { field: 'chunks/0' } })
    expect(await readFile(target, 'utf8')).toBe('old')
  })

  test('a list whose chunks are right and whose whole is not is refused', async () => {
    const id = await store([randomBytes(5_000)], { sha256: 'ab'.repeat(32) })
    await expect(download(id)).rejects.toMatchObject({ code: 'content-mismatch', facts: { field: 'sha256' } })
    expect(await readdir(dir)).toEqual([])
  })

  test('a compressed chunk that would become more than it says is refused', async () => {
    const bomb = Buffer.alloc(30 * MIB)
    const id = await store([bomb], { codec: 'zstd' })
    const content = server.nodes.get(id)!.content!
    content.chunks[0]!.plain = 1_000
    server.nodes.get(id)!.state.size = 1_000
    await expect(download(id)).rejects.toMatchObject({ code: 'content-mismatch' })
  })

  test('a leftover that was damaged on the disk does not spoil the next try', async () => {
    const chunks = Array.from({ length: 30 }, () => randomBytes(1 * MIB))
    const id = await store(chunks)
    const abort = new AbortController()
    const options = { target: nodeFileTarget(target), signal: abort.signal }
    const onProgress = ({ bytesDone }: { bytesDone: number }) => bytesDone >= 12 * MIB && abort.abort(new Error('stop'))
    await expect(downloadFile(api, id, { ...options, onProgress: (p) => void onProgress(p) })).rejects.toThrow('stop')
    const [part] = await readdir(dir)
    expect(part).toMatch(/^\.bitvault-.*\.part$/)
    const left = await readFile(join(dir, part!))
    left[5 * MIB]! ^= 1
    await writeFile(join(dir, part!), left)
    await download(id)
    expect((await readFile(target)).equals(Buffer.concat(chunks))).toBe(true)
    expect(await readdir(dir)).toEqual(['target'])
  })
})

describe('TF-8 streamed content', () => {
  test('no more is fetched ahead than was allowed', async () => {
    const id = await store(Array.from({ length: 60 }, () => randomBytes(1 * MIB)))
    server.log.length = 0
    let received = 0
    const pieces = openContent(api, id, {
      concurrency: 4,
      memoryBytes: 4 * MIB,
      onProgress: (p) => (received = p.bytesReceived),
    })
    for await (const piece of pieces) {
      expect(piece.length).toBe(MIB)
      break
    }
    expect(received).toBeLessThanOrEqual(5 * MIB)
    expect(server.log.filter(isGet).length).toBeLessThanOrEqual(5)
  })

  test('its pieces may be kept, although what is fetched lies in the same memory in turn', async () => {
    const chunks = Array.from({ length: 12 }, () => randomBytes(10_000))
    const id = await store(chunks)
    const kept: Uint8Array[] = []
    for await (const piece of openContent(api, id, { concurrency: 2, memoryBytes: 20_000 })) kept.push(piece)
    expect(Buffer.concat(kept).equals(Buffer.concat(chunks))).toBe(true)
  })

  test('TF-7: a piece that is still being written is not overwritten by what arrives while the next is read', async () => {
    const chunks = Array.from({ length: 40 }, () => randomBytes(300_000))
    const id = await store(chunks)
    const remote = await openRemoteContent(api, id, {})
    const limits = { concurrency: 2, memoryBytes: 600_000, onReceived: () => {}, fromOrdinal: 0 }
    const written: Buffer[] = []
    let last: Uint8Array = new Uint8Array(0)
    for await (const piece of fetchChunks(remote, api.transport, limits)) {
      written.push(Buffer.from(last))
      last = piece
    }
    written.push(Buffer.from(last))
    expect(Buffer.concat(written).equals(Buffer.concat(chunks))).toBe(true)
  })

  test('a wrong whole is told after the last byte', async () => {
    const id = await store([Buffer.from('abc')], { sha256: 'ab'.repeat(32) })
    let text = ''
    const read = async () => {
      for await (const piece of openContent(api, id)) text += Buffer.from(piece).toString()
    }
    await expect(read()).rejects.toMatchObject({ code: 'content-mismatch' })
    expect(text).toBe('abc')
  })
})
