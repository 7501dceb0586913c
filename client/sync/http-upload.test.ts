import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, open, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MutationId, Sha256 } from '../../core/ids.ts'
import type { ItemId } from '../../core/reconcile/item.ts'
import { createMemoryServer, type MemoryServer } from '../../test/support/memory-server.ts'
import { createApi } from '../api.ts'
import { ConnectionError } from '../connection-error.ts'
import { seededBytes } from '../content/seeded-bytes.ts'
import { createChunkLister } from '../content/list-chunks.ts'
import type { ChunkedContent } from '../content/describe-content.ts'
import { nodeFileTarget } from '../node/file-target.ts'
import { openDisk, type OpenDisk } from '../node/sync/disk/open-disk.ts'
import { openUploadJournal } from '../node/upload-journal.ts'
import { downloadFile } from '../transfer/download.ts'
import type { HttpRemoteOptions } from './http-remote.ts'
import { uploadFilesOver } from './http-upload.ts'
import type { Disk, UploadFile } from './ports.ts'

const MIB = 1024 * 1024
const SIZE = 12 * MIB
let dir: string
let root: string
let disk: OpenDisk
let server: MemoryServer
let draw = 0

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bitvault-listed-'))
  root = join(dir, 'root')
  await mkdir(root)
  disk = openDisk(root)
  server = createMemoryServer()
})
afterEach(async () => {
  disk.close()
  await rm(dir, { recursive: true, force: true })
})

const api = () =>
  createApi({
    baseUrl: 'http://server',
    accessToken: async () => 'token',
    fetch: server.fetch,
    clock: () => server.now,
    random: (length) => Uint8Array.from({ length }, () => (++draw * 2_654_435_761) >>> 13),
    sleep: async () => {},
  })

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex') as Sha256

function listOf(bytes: Uint8Array, old: ChunkedContent | null = null): ChunkedContent {
  const lister = createChunkLister({ sizeBytes: bytes.length, old })
  lister.update(bytes)
  return lister.finish({ sha256: hashOf(bytes), size: bytes.length })!
}

/** As the engine asks for it: with the stamp that the file has now. */
async function asked(bytes: Uint8Array, more: Partial<UploadFile> = {}): Promise<UploadFile> {
  const { stamp } = (await disk.stat('big'))!
  const init = { target: { parent: server.rootId, name: 'big' }, base: 0, mtimeNs: stamp.mtimeNs, executable: false }
  const mutation = api().newMutationId() as MutationId
  const file = { item: 'i' as ItemId, mutation, init, path: 'big', stamp, sha256: hashOf(bytes) }
  return { ...file, ...more } as UploadFile
}

type Over = { disk?: Partial<Disk>; journal?: HttpRemoteOptions['journal'] }

async function sent(file: UploadFile, over: Over = {}) {
  const up = { take: async () => {}, total: () => 0 } as unknown as HttpRemoteOptions['up']
  const watched = new Proxy<Disk>(disk, {
    get: (real, key) => Reflect.get(over.disk ?? {}, key) ?? Reflect.get(real, key),
  })
  const options = { api: api(), disk: watched, up, ...(over.journal && { journal: over.journal }) } as HttpRemoteOptions
  const answers = []
  for await (const answer of uploadFilesOver(options, [file])) answers.push(answer)
  expect(answers).toHaveLength(1)
  return answers[0]!
}

/** What a disk was asked to read. */
function watching() {
  const reads: { from: number; to: number }[] = []
  const read: Disk['read'] = (path, range) => {
    reads.push(range ?? { from: 0, to: Infinity })
    return disk.read(path, range)
  }
  return { reads, disk: { read } }
}

async function stored(): Promise<Buffer> {
  const path = join(dir, 'out')
  const node = server.find('big')!
  await downloadFile(api(), node.id, { target: nodeFileTarget(path) })
  const bytes = await readFile(path)
  expect(hashOf(bytes)).toBe(node.sha256)
  return bytes
}

const before = seededBytes(1, SIZE)
const after = Buffer.from(before)
after[SIZE / 2]! ^= 1
const count = (what: string): number => server.log.filter((entry) => entry === what).length

/** The version before is on the server, and the file has been edited since. */
async function edited(): Promise<ChunkedContent> {
  await writeFile(join(root, 'big'), before)
  const answer = await sent(await asked(before))
  expect(answer.result.outcome).toBe('applied')
  await writeFile(join(root, 'big'), after)
  server.log.length = 0
  return answer.chunks!
}

const version = async (over: Partial<UploadFile> = {}): Promise<UploadFile> => {
  const file = await asked(after, over)
  return { ...file, init: { ...file.init, target: { node: server.find('big')!.id }, base: 1 } }
}

describe('a large file of which it is known what it is made of', () => {
  test('only the chunk that is new is read and sent, and the list goes out once', async () => {
    const old = await edited()
    expect(old).toEqual(listOf(before))
    const chunks = listOf(after, old)
    const { reads, disk: over } = watching()
    const answer = await sent(await version({ chunks }), { disk: over })
    expect(answer.result.outcome).toBe('applied')
    expect(answer.chunks).toEqual(chunks)
    const [{ from, to } = { from: 0, to: 0 }] = reads
    expect(reads).toHaveLength(1)
    expect(from <= SIZE / 2 && SIZE / 2 < to && to - from <= 256 * 1024).toBe(true)
    expect([count('POST /v1/files'), count('POST /v1/uploads/{id}/objects'), count('PUT object')]).toEqual([1, 1, 1])
    expect((await stored()).equals(after)).toBe(true)
  })

  test('of which the server has every chunk: nothing is read', async () => {
    const old = await edited()
    await writeFile(join(root, 'big'), before)
    const { reads, disk: over } = watching()
    const file = { ...(await version({ chunks: old })), sha256: hashOf(before) }
    expect((await sent(file, { disk: over })).result.outcome).toBe('applied')
    expect(reads).toEqual([])
    expect(count('PUT object')).toBe(0)
    expect((await stored()).equals(before)).toBe(true)
  })

  test('of which the server has none: all of it is sent', async () => {
    await writeFile(join(root, 'big'), after)
    expect((await sent(await asked(after, { chunks: listOf(after) }))).result.outcome).toBe('applied')
    expect((await stored()).equals(after)).toBe(true)
  })

  test('TF-6: what was sent before the process died is not sent again, though nothing is known of it any more', async () => {
    const old = await edited()
    const journal = openUploadJournal({ folder: join(dir, 'state'), account: 'test', clock: () => server.now })
    const file = await version({ chunks: listOf(after, old) })
    server.intercept = ({ what }) => {
      if (what === 'POST /v1/files/{id}/commit') throw new TypeError('the line is cut')
    }
    await expect(sent(file, { journal })).rejects.toThrow(ConnectionError)
    server.intercept = () => {}
    const { chunks: _forgotten, ...again } = file
    expect((await sent(again, { journal })).result.outcome).toBe('applied')
    expect(count('PUT object')).toBe(1)
    expect((await stored()).equals(after)).toBe(true)
    journal.close()
  })
})

describe('WR-02 TM-02: other bytes than those of the hash are never stored under it', () => {
  const refused = async (file: UploadFile, over: Over = {}) => {
    const { result } = await sent(file, over)
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'precondition-failed' } })
    expect((await stored()).equals(before)).toBe(true)
  }

  test('edited since, to the same size, with its time put back: the time of change tells', async () => {
    const chunks = listOf(after, await edited())
    const file = await version({ chunks })
    const times = await stat(join(root, 'big'))
    const handle = await open(join(root, 'big'), 'r+')
    await handle.write(Buffer.of(1, 2, 3), 0, 3, 5)
    await handle.close()
    await utimes(join(root, 'big'), times.atime, times.mtime)
    await refused(file)
  })

  test('the chunk that is to be sent has other bytes, though the stamp is the same', async () => {
    const chunks = listOf(after, await edited())
    const handle = await open(join(root, 'big'), 'r+')
    await handle.write(Buffer.of(9), 0, 1, SIZE / 2)
    await handle.close()
    await refused(await version({ chunks }))
    expect(count('PUT object')).toBe(0)
  })

  test('it changes while it is read', async () => {
    const chunks = listOf(after, await edited())
    const read: Disk['read'] = async function* (path, range) {
      for await (const piece of disk.read(path, range)) yield piece
      const handle = await open(join(root, 'big'), 'r+')
      await handle.write(Buffer.of(9), 0, 1, 5)
      await handle.close()
    }
    await refused(await version({ chunks }), { disk: { read } })
  })

  test('it is shorter by now', async () => {
    const chunks = listOf(after, await edited())
    const file = await version({ chunks })
    await truncate(join(root, 'big'), SIZE / 4)
    await refused(file)
    await refused(await version({ chunks }))
  })

  test('the list is that of other bytes than were planned with: it is read whole', async () => {
    const old = await edited()
    const { reads, disk: over } = watching()
    expect((await sent(await version({ chunks: old }), { disk: over })).result.outcome).toBe('applied')
    expect(reads).toEqual([{ from: 0, to: Infinity }])
    expect((await stored()).equals(after)).toBe(true)
  })
})
