import { randomBytes } from 'node:crypto'
import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Api } from '../../client/api.ts'
import { nodeFileSource } from '../../client/node/file-source.ts'
import { nodeFileTarget } from '../../client/node/file-target.ts'
import { openUploadJournal } from '../../client/node/upload-journal.ts'
import { walk } from '../../client/node/walk.ts'
import { downloadFile, openContent } from '../../client/transfer/download.ts'
import type { FileOutcome, UploadTotals } from '../../client/transfer/events.ts'
import { planTree } from '../../client/transfer/plan.ts'
import { uploadTree } from '../../client/transfer/upload.ts'
import type { UploadJournal } from '../../client/transfer/upload-journal.ts'
import type { Stack } from '../../embedded/stack.ts'
import { clientOf, homeOf, signIn, type SignedIn } from '../support/signed-in.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { watchFetch } from '../support/watched-fetch.ts'

const MIB = 1024 * 1024
let stack: Stack
let who: SignedIn
let dir: string

beforeAll(async () => {
  stack = await testStack()
  who = await signIn(stack)
  dir = await temporaryFolder()
})
afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
  await stack.stop()
})

type Report = { outcomes: Map<string, FileOutcome>; totals: UploadTotals }

async function put(api: Api, path: string, journal?: UploadJournal): Promise<Report> {
  const report: Report = { outcomes: new Map(), totals: {} as UploadTotals }
  const onSkipped = () => expect.unreachable('nothing is to be skipped')
  const plan = planTree(api, await homeOf(api), walk([{ path }]), { onSkipped })
  const options = { files: nodeFileSource, concurrency: 1, ...(journal ? { journal } : {}) }
  for await (const event of uploadTree(api, plan, options)) {
    if (event.kind === 'file') report.outcomes.set(event.item.path, event.outcome)
    else report.totals = event.totals
  }
  return report
}

function nodeOf(report: Report, path: string): string {
  const outcome = report.outcomes.get(path)
  if (outcome?.is !== 'applied') throw new Error(`${path}: ${JSON.stringify(outcome)}`)
  return outcome.node.id
}

const openJournal = () => openUploadJournal({ folder: join(dir, 'state'), account: who.url, clock: Date.now })

/** A put that is cut off at its n-th PUT, and what the store had got by then. */
async function interruptedPut(path: string, atPut: number): Promise<string[]> {
  const watched = watchFetch(who.url)
  const abort = new AbortController()
  watched.beforePut = (count) => {
    if (count < atPut) return
    abort.abort(new Error('interrupted'))
    throw new TypeError('fetch failed')
  }
  const journal = openJournal()
  const api = clientOf(who, { fetch: watched.fetch, signal: abort.signal })
  await expect(put(api, path, journal)).rejects.toThrow('interrupted')
  journal.close()
  return watched.stored
}

describe('TF-6 an interrupted put, run again', () => {
  test('does not send the objects of a large file that had arrived', async () => {
    const path = join(dir, 'large')
    const bytes = randomBytes(48 * MIB)
    await writeFile(path, bytes)
    const arrived = await interruptedPut(path, 5)
    expect(arrived.length).toBeGreaterThanOrEqual(2)
    const watched = watchFetch(who.url)
    const journal = openJournal()
    const report = await put(clientOf(who, { fetch: watched.fetch }), path, journal)
    journal.close()
    expect(watched.stored.filter((key) => arrived.includes(key))).toEqual([])
    expect(report.totals.bytesDone).toBe(bytes.length)
    expect(report.totals.bytesSent).toBeLessThan(bytes.length)
    await downloadFile(clientOf(who), nodeOf(report, path), { target: nodeFileTarget(join(dir, 'large-back')) })
    expect((await readFile(join(dir, 'large-back'))).equals(bytes)).toBe(true)
  })

  test('does not send the packs of small files that had arrived', async () => {
    const tree = join(dir, 'packs')
    await mkdir(tree)
    for (let i = 0; i < 200; i++) await writeFile(join(tree, `file-${i}`), randomBytes(30_000))
    const arrived = await interruptedPut(tree, 2)
    const watched = watchFetch(who.url)
    const journal = openJournal()
    const report = await put(clientOf(who, { fetch: watched.fetch }), tree, journal)
    journal.close()
    expect([...report.outcomes.values()].filter(({ is }) => is === 'applied').length).toBe(200)
    expect(watched.stored.filter((key) => arrived.includes(key))).toEqual([])
    expect(report.totals.bytesSent).toBeLessThan(200 * 30_000)
  })
})

describe('TF-5 a file that changes while it is read', () => {
  test('is committed in a state that it had, never torn', async () => {
    const path = join(dir, 'changing')
    await writeFile(path, randomBytes(24 * MIB))
    const watched = watchFetch(who.url)
    watched.beforePut = async (count) => {
      if (count === 2) await appendFile(path, randomBytes(1_000))
    }
    const report = await put(clientOf(who, { fetch: watched.fetch }), path)
    const back = join(dir, 'changing-back')
    await downloadFile(clientOf(who), nodeOf(report, path), { target: nodeFileTarget(back) })
    expect((await readFile(back)).equals(await readFile(path))).toBe(true)
  })
})

describe('TF-7 downloads', () => {
  test('bytes with another hash are refused by name of the chunk, and the old file stays', async () => {
    const path = join(dir, 'honest')
    await writeFile(path, randomBytes(3 * MIB))
    const id = nodeOf(await put(clientOf(who), path), path)
    const target = join(dir, 'target', 'kept')
    await mkdir(join(dir, 'target'))
    await writeFile(target, 'what was there before')
    const watched = watchFetch(who.url)
    watched.onGet = (bytes) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
    await expect(
      downloadFile(clientOf(who, { fetch: watched.fetch }), id, { target: nodeFileTarget(target) }),
    ).rejects.toMatchObject({ code: 'content-mismatch', facts: { field: expect.stringMatching(/^chunks\/\d+$/) } })
    expect(await readFile(target, 'utf8')).toBe('what was there before')
    expect(await readdir(join(dir, 'target'))).toEqual(['kept'])
  })

  test('an interrupted one goes on where it stopped', async () => {
    const path = join(dir, 'resumable')
    const bytes = randomBytes(32 * MIB)
    await writeFile(path, bytes)
    const id = nodeOf(await put(clientOf(who), path), path)
    const target = join(dir, 'resumed')
    const abort = new AbortController()
    const onProgress = ({ bytesDone }: { bytesDone: number }) => {
      if (bytesDone > 20 * MIB) abort.abort(new Error('interrupted'))
    }
    const options = { target: nodeFileTarget(target) }
    await expect(downloadFile(clientOf(who), id, { ...options, signal: abort.signal, onProgress })).rejects.toThrow(
      'interrupted',
    )
    let received = 0
    let resumed = 0
    await downloadFile(clientOf(who), id, {
      ...options,
      onProgress: ({ bytesReceived, bytesResumed }) => {
        received = bytesReceived
        resumed = bytesResumed
      },
    })
    expect(resumed).toBeGreaterThan(16 * MIB)
    expect(received).toBeLessThan(16 * MIB)
    expect((await readFile(target)).equals(bytes)).toBe(true)
  })

  test('time and executable bit come back', async () => {
    const path = join(dir, 'tool')
    await writeFile(path, '#!/bin/sh\n')
    await chmod(path, 0o755)
    await utimes(path, 1_700_000_000, 1_700_000_000.25)
    const id = nodeOf(await put(clientOf(who), path), path)
    const back = join(dir, 'tool-back')
    await downloadFile(clientOf(who), id, { target: nodeFileTarget(back) })
    const stats = await stat(back)
    expect(stats.mode & 0o100).toBe(0o100)
    expect(stats.mtimeMs).toBeCloseTo(1_700_000_000_250, 0)
  })

  test('streamed content stops when nobody reads on', async () => {
    const path = join(dir, 'streamed')
    const bytes = randomBytes(20 * MIB)
    await writeFile(path, bytes)
    const id = nodeOf(await put(clientOf(who), path), path)
    let first: Uint8Array | undefined
    for await (const piece of openContent(clientOf(who), id)) {
      first = piece
      break
    }
    expect(bytes.subarray(0, first?.length).equals(first!)).toBe(true)
    const whole: Uint8Array[] = []
    for await (const piece of openContent(clientOf(who), id)) whole.push(piece)
    expect(Buffer.concat(whole).equals(bytes)).toBe(true)
  })
})

describe('TF-3 many files', () => {
  test('10,000 files arrive, all of them, with few requests', async () => {
    const tree = join(dir, 'many')
    for (let folder = 0; folder < 20; folder++) {
      await mkdir(join(tree, `folder-${folder}`), { recursive: true })
      const writes = Array.from({ length: 500 }, (_, i) =>
        writeFile(join(tree, `folder-${folder}`, `file-${i}`), randomBytes(100 + ((i * 37) % 9_000))),
      )
      await Promise.all(writes)
    }
    const watched = watchFetch(who.url)
    const api = clientOf(who, { fetch: watched.fetch })
    const report = await put(api, tree)
    expect([...report.outcomes.values()].filter(({ is }) => is === 'applied').length).toBe(10_000)
    expect(watched.stored.length).toBeLessThan(40)
    const top = await api.resolve('home/many')
    let files = 0
    for await (const folder of api.children(top.deepest.id)) for await (const _ of api.children(folder.id)) files++
    expect(files).toBe(10_000)
    const sample = join(tree, 'folder-7', 'file-321')
    await downloadFile(api, nodeOf(report, sample), { target: nodeFileTarget(join(dir, 'sample')) })
    expect((await readFile(join(dir, 'sample'))).equals(await readFile(sample))).toBe(true)
  })
})
