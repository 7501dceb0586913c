import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createMemoryServer, type MemoryServer } from '../../test/support/memory-server.ts'
import { createApi, type Api } from '../api.ts'
import { nodeFileSource } from '../node/file-source.ts'
import { nodeFileTarget } from '../node/file-target.ts'
import { openUploadJournal } from '../node/upload-journal.ts'
import { walk } from '../node/walk.ts'
import { downloadFile } from './download.ts'
import type { FileOutcome, Skipped, UploadTotals } from './events.ts'
import type { FileSource } from './file-source.ts'
import { planTree } from './plan.ts'
import { uploadTree, type UploadOptions } from './upload.ts'

const MIB = 1024 * 1024
let dir: string
let server: MemoryServer

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bitvault-upload-'))
  server = createMemoryServer()
})
afterEach(() => rm(dir, { recursive: true, force: true }))

let draw = 0

/** The dice are fixed, and waiting takes no time. */
function apiOf(memory: MemoryServer, options: { signal?: AbortSignal } = {}): Api {
  return createApi({
    baseUrl: 'http://server',
    accessToken: async () => 'token',
    fetch: memory.fetch,
    clock: () => memory.now,
    random: (length) => Uint8Array.from({ length }, () => (++draw * 2_654_435_761) >>> 13),
    sleep: async () => {},
    ...options,
  })
}

type Report = { outcomes: Map<string, FileOutcome>; skipped: Skipped[]; totals: UploadTotals }

async function put(path: string, options: Partial<UploadOptions> & { api?: Api } = {}): Promise<Report> {
  const { api = apiOf(server), ...rest } = options
  const root = await api.stat(server.rootId)
  const report: Report = { outcomes: new Map(), skipped: [], totals: {} as UploadTotals }
  const plan = planTree(api, root, walk([{ path }]), { onSkipped: (skipped) => report.skipped.push(skipped) })
  for await (const event of uploadTree(api, plan, { files: nodeFileSource, ...rest })) {
    if (event.kind === 'file') report.outcomes.set(event.item.path, event.outcome)
    else report.totals = event.totals
  }
  return report
}

const count = (what: string): number => server.log.filter((entry) => entry === what).length
const journal = () => openUploadJournal({ folder: join(dir, 'state'), account: 'test', clock: () => server.now })

/** What came out again, through the download path. */
async function get(name: string): Promise<Buffer> {
  const node = server.find(name)
  expect(node, name).toBeDefined()
  const path = join(dir, 'out')
  await downloadFile(apiOf(server), node!.id, { target: nodeFileTarget(path) })
  return readFile(path)
}

describe('put and get', () => {
  test('TF-3 TF-4: a tree of files of every size comes back byte for byte', async () => {
    const tree = join(dir, 'tree')
    await mkdir(join(tree, 'sub', 'deeper'), { recursive: true })
    const files: [string, Buffer][] = [
      ['empty', Buffer.alloc(0)],
      ['one', Buffer.from('x')],
      ['inline', randomBytes(4096)],
      ['small', randomBytes(4097)],
      ['sub/text', Buffer.from('all work and no play '.repeat(40_000))],
      ['sub/deeper/batch', randomBytes(7 * MIB)],
      ['sub/deeper/stream', Buffer.concat([randomBytes(20 * MIB), Buffer.alloc(10 * MIB)])],
    ]
    for (const [name, bytes] of files) await writeFile(join(tree, name), bytes)
    const { outcomes, skipped, totals } = await put(tree)
    expect(skipped).toEqual([])
    for (const [name, bytes] of files) {
      expect(outcomes.get(join(tree, name))?.is, name).toBe('applied')
      expect((await get(name.split('/').at(-1)!)).equals(bytes), name).toBe(true)
    }
    const planned = files.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    expect(totals).toMatchObject({
      filesPlanned: 7,
      filesDone: 7,
      bytesPlanned: planned,
      bytesDone: planned,
      planComplete: true,
    })
    expect(totals.bytesSent).toBeLessThan(planned)
  })

  test('TF-3: 2,500 small files cost three batches, not a request each', async () => {
    const tree = join(dir, 'many')
    await mkdir(tree)
    for (let i = 0; i < 2_500; i++) await writeFile(join(tree, `f${i}`), randomBytes(5_000))
    const { outcomes } = await put(tree)
    expect([...outcomes.values()].every(({ is }) => is === 'applied')).toBe(true)
    expect(outcomes.size).toBe(2_500)
    expect(count('POST /v1/files')).toBe(3)
    expect(count('POST /v1/files/{id}/commit')).toBe(3)
    expect(count('PUT object')).toBeLessThan(10)
  })

  test('TF-14: chunks lie in packs in the order of the files, in whatever order the disk gives them', async () => {
    const tree = join(dir, 'ordered')
    await mkdir(tree)
    for (let i = 0; i < 60; i++) await writeFile(join(tree, `f${i}`), randomBytes(20_000))
    let opened = 0
    const shuffled: FileSource = {
      open: async (path) => {
        // The first of eight is the last to be there.
        const turns = 8 - (opened++ % 8)
        const file = await nodeFileSource.open(path)
        for (let i = 0; i < turns * 5; i++) await new Promise((done) => setImmediate(done))
        return file
      },
    }
    await put(tree, { files: shuffled })
    const inOrder = [...server.nodes.values()].flatMap(({ state }) => (state.kind === 'file' ? [state.name] : []))
    const expected = await Promise.all(inOrder.map((name) => readFile(join(tree, name))))
    expect(inOrder).toHaveLength(60)
    expect(Buffer.concat([...server.objects.values()]).equals(Buffer.concat(expected))).toBe(true)
  })

  test('TF-2: a second put of the same tree sends nothing, and says so', async () => {
    const tree = join(dir, 'tree')
    await mkdir(tree)
    await writeFile(join(tree, 'a'), randomBytes(10_000))
    await writeFile(join(tree, 'b'), randomBytes(9 * MIB))
    await put(tree)
    server.log.length = 0
    const { outcomes } = await put(tree)
    expect([...outcomes.values()].map(({ is }) => is)).toEqual(['unchanged', 'unchanged'])
    expect(count('PUT object') + count('POST /v1/files')).toBe(0)
  })

  test('equal bytes under another name are not sent again', async () => {
    const bytes = randomBytes(12 * MIB)
    await writeFile(join(dir, 'first'), bytes)
    await writeFile(join(dir, 'second'), bytes)
    await put(join(dir, 'first'))
    const puts = count('PUT object')
    const { totals, outcomes } = await put(join(dir, 'second'))
    expect(outcomes.get(join(dir, 'second'))?.is).toBe('applied')
    expect(count('PUT object')).toBe(puts)
    expect(totals).toMatchObject({ bytesSent: 0, bytesDeduplicated: bytes.length })
  })

  test('a file changed elsewhere meanwhile: both are kept', async () => {
    const path = join(dir, 'note')
    await writeFile(path, 'one')
    await put(path)
    const api = apiOf(server)
    const node = server.find('note')!
    const { size, mtimeMs } = await stat(path)
    const plan = async function* () {
      yield {
        path,
        sizeBytes: size,
        mtimeNs: `${Math.floor(mtimeMs)}000000`,
        executable: false,
        target: { node: node.id },
        base: 0,
      }
    }
    const outcomes: FileOutcome[] = []
    for await (const event of uploadTree(api, plan(), { files: nodeFileSource }))
      if (event.kind === 'file') outcomes.push(event.outcome)
    expect(outcomes).toMatchObject([{ is: 'conflict', originalId: node.id }])
  })

  test('one refused name and one vanished file do not keep the others', async () => {
    const tree = join(dir, 'tree')
    await mkdir(tree)
    for (const name of ['a', 'refuse-me', 'c']) await writeFile(join(tree, name), name)
    const gone = { path: join(tree, 'gone'), sizeBytes: 1, mtimeNs: '0', executable: false, base: 0 }
    const api = apiOf(server)
    const plan = async function* () {
      yield { ...gone, target: { parent: server.rootId, name: 'gone' } }
      yield* planTree(api, await api.stat(server.rootId), walk([{ path: tree }]), { onSkipped: () => {} })
    }
    const outcomes = new Map<string, FileOutcome>()
    for await (const event of uploadTree(api, plan(), { files: nodeFileSource }))
      if (event.kind === 'file') outcomes.set(event.item.path, event.outcome)
    expect(outcomes.get(join(tree, 'a'))?.is).toBe('applied')
    expect(outcomes.get(join(tree, 'c'))?.is).toBe('applied')
    expect(outcomes.get(join(tree, 'refuse-me'))).toEqual({ is: 'rejected', code: 'name-invalid' })
    expect(outcomes.get(gone.path)).toMatchObject({ is: 'failed', error: { code: 'ENOENT' } })
  })
})

describe('TF-5 a file that changes while it is read', () => {
  test('is read again, and the quiet state is committed', async () => {
    const path = join(dir, 'log')
    await writeFile(path, randomBytes(10 * MIB))
    let touched = 0
    server.intercept = async ({ what }) => {
      if (what === 'PUT object' && touched++ === 0) await appendFile(path, 'more')
    }
    const { outcomes } = await put(path)
    expect(outcomes.get(path)?.is).toBe('applied')
    expect((await get('log')).equals(await readFile(path))).toBe(true)
  })

  test('is busy when it does not stop changing; nothing of it is committed', async () => {
    const path = join(dir, 'log')
    await writeFile(path, randomBytes(10 * MIB))
    const busy: UploadOptions['files'] = {
      open: async (opened) => {
        const file = await nodeFileSource.open(opened)
        return {
          ...file,
          read: async function* (sizeBytes) {
            yield* file.read(sizeBytes)
            await appendFile(path, 'x')
          },
        }
      },
    }
    const { outcomes } = await put(path, { files: busy })
    expect(outcomes.get(path)).toEqual({ is: 'busy' })
    expect(server.find('log')).toBeUndefined()
    expect(count('DELETE /v1/uploads/{id}')).toBe(1)
  })
})

describe('TF-10 faults on the way', () => {
  test('a PUT that fails with 500 or breaks off is repeated', async () => {
    await writeFile(join(dir, 'big'), randomBytes(20 * MIB))
    let puts = 0
    server.intercept = ({ what }) => {
      if (what !== 'PUT object') return
      puts++
      if (puts % 3 === 1) return new Response('slow down', { status: 503 })
      if (puts % 3 === 2) throw new TypeError('fetch failed')
    }
    const { outcomes } = await put(join(dir, 'big'))
    expect(outcomes.get(join(dir, 'big'))?.is).toBe('applied')
  })

  test('an expired signature is renewed', async () => {
    await writeFile(join(dir, 'big'), randomBytes(9 * MIB))
    let signed = 0
    server.afterwards = (what) => {
      if (what === 'POST /v1/uploads/{id}/objects' && signed++ < 3) server.now += 61_000
    }
    const { outcomes } = await put(join(dir, 'big'))
    expect(outcomes.get(join(dir, 'big'))?.is).toBe('applied')
  })

  test('a commit whose answer was lost is repeated and gives the first answer', async () => {
    await writeFile(join(dir, 'file'), randomBytes(50_000))
    let lost = false
    server.afterwards = (what) => {
      if (what !== 'POST /v1/files/{id}/commit' || lost) return
      lost = true
      throw new TypeError('fetch failed')
    }
    const { outcomes } = await put(join(dir, 'file'))
    expect(outcomes.get(join(dir, 'file'))).toMatchObject({ is: 'applied', node: { contentRevision: 1 } })
    expect(count('POST /v1/files/{id}/commit')).toBe(2)
  })

  test('a server that is gone ends the upload with a ConnectionError', async () => {
    await writeFile(join(dir, 'file'), randomBytes(50_000))
    const api = apiOf(server)
    const root = await api.stat(server.rootId)
    server.intercept = () => {
      throw new TypeError('fetch failed')
    }
    const plan = async function* () {
      yield {
        path: join(dir, 'file'),
        sizeBytes: 50_000,
        mtimeNs: '0',
        executable: false,
        base: 0,
        target: { parent: root.id, name: 'file' },
      }
    }
    const run = async () => {
      for await (const _ of uploadTree(api, plan(), { files: nodeFileSource })) continue
    }
    await expect(run()).rejects.toMatchObject({ name: 'ConnectionError', attempts: 8 })
  })
})

describe('resume', () => {
  /** Runs a put that is aborted at the n-th request of a kind; the request itself does not arrive. */
  async function interruptedPut(path: string, at: { what: string; count: number }): Promise<void> {
    const abort = new AbortController()
    let seen = 0
    server.intercept = ({ what }) => {
      if (what !== at.what || ++seen < at.count) return
      abort.abort(new Error('interrupted'))
      throw new TypeError('fetch failed')
    }
    const open = journal()
    await expect(
      put(path, { api: apiOf(server, { signal: abort.signal }), journal: open, concurrency: 1 }),
    ).rejects.toThrow('interrupted')
    open.close()
    server.intercept = () => {}
  }

  test('TF-6: objects of a large file that arrived are not sent again', async () => {
    const path = join(dir, 'big')
    await writeFile(path, randomBytes(40 * MIB))
    await interruptedPut(path, { what: 'PUT object', count: 6 })
    const arrived = new Set(server.objects.keys())
    expect(arrived.size).toBe(5)
    server.log.length = 0
    const open = journal()
    const { outcomes, totals } = await put(path, { journal: open })
    open.close()
    expect(outcomes.get(path)?.is).toBe('applied')
    expect(count('POST /v1/files')).toBe(0)
    expect(totals.bytesSent).toBe(
      40 * MIB - [...arrived].reduce((sum, key) => sum + server.objects.get(key)!.length, 0),
    )
    expect((await get('big')).equals(await readFile(path))).toBe(true)
  })

  test('TF-6: a batch is taken up with the packs that arrived', async () => {
    const tree = join(dir, 'tree')
    await mkdir(tree)
    for (let i = 0; i < 150; i++) await writeFile(join(tree, `f${i}`), randomBytes(40_000))
    await interruptedPut(tree, { what: 'PUT object', count: 2 })
    const arrivedBytes = [...server.objects.values()].reduce((sum, bytes) => sum + bytes.length, 0)
    expect(arrivedBytes).toBeGreaterThan(0)
    server.log.length = 0
    const open = journal()
    const { outcomes, totals } = await put(tree, { journal: open })
    open.close()
    expect([...outcomes.values()].filter(({ is }) => is === 'applied').length).toBe(150)
    expect(totals.bytesSent).toBe(150 * 40_000 - arrivedBytes)
    expect(count('POST /v1/files')).toBe(0)
  })

  test('an upload that has expired is started anew without a word', async () => {
    const path = join(dir, 'big')
    await writeFile(path, randomBytes(20 * MIB))
    await interruptedPut(path, { what: 'PUT object', count: 3 })
    server.intercept = ({ what }) => {
      if (what === 'GET /v1/uploads/{id}')
        return Response.json({ code: 'upload-expired', status: 410 }, { status: 410 })
    }
    const open = journal()
    const { outcomes } = await put(path, { journal: open })
    open.close()
    expect(outcomes.get(path)?.is).toBe('applied')
    expect(count('POST /v1/files')).toBe(2)
  })

  test('a commit whose answer was lost with the process gives the first answer', async () => {
    const tree = join(dir, 'tree')
    await mkdir(tree)
    await writeFile(join(tree, 'a'), randomBytes(9_000))
    const abort = new AbortController()
    server.afterwards = (what) => {
      if (what !== 'POST /v1/files/{id}/commit') return
      abort.abort(new Error('killed'))
      throw new TypeError('fetch failed')
    }
    const first = journal()
    await expect(put(tree, { api: apiOf(server, { signal: abort.signal }), journal: first })).rejects.toThrow('killed')
    first.close()
    server.afterwards = () => {}
    const second = journal()
    const { outcomes } = await put(tree, { journal: second })
    second.close()
    expect(outcomes.get(join(tree, 'a'))?.is).toMatch(/applied|unchanged/)
    expect(server.find('a')?.contentRevision).toBe(1)
  })
})
