import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Stack } from '../../embedded/stack.ts'
import { firstAccount, signIn, type Account } from '../support/account.ts'
import { RealDevice, shown } from '../support/real-device.ts'
import { testStack } from '../support/stack.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { makeFolder } from './namespace-support.ts'

/** Two engines with real disks, databases and watchers, and the real server between them. */
let stack: Stack
let owner: Account
let other: Account
let dir: string
let a: RealDevice
let b: RealDevice
let root: string

beforeAll(async () => {
  stack = await testStack()
  owner = await firstAccount(stack)
  other = await signIn(stack.url, owner.email, owner.password, 'other device')
})
afterAll(() => stack?.stop())

beforeEach(async () => {
  dir = await temporaryFolder()
  root = (await makeFolder(owner, owner.home.rootId)).id
  a = await new RealDevice(owner, { dir: join(dir, 'a'), root }).start()
  b = await new RealDevice(other, { dir: join(dir, 'b'), root }).start()
})
afterEach(async () => {
  await a?.stop()
  await b?.stop()
  await rm(dir, { recursive: true, force: true })
})

const childrenOf = async (folder: string): Promise<NodeStateWire[]> =>
  (await owner.call('GET', `/v1/folders/${folder}/children`)).body.children

const MIB = 1024 * 1024
const WITHIN = { timeout: 20_000, interval: 20 }

/** Until both have the same, and say so. */
const same = (check: () => void | Promise<void> = () => {}) =>
  expect
    .poll(async () => {
      const [left, right] = [await a.tree(), await b.tree()]
      expect(right).toEqual(left)
      expect([a.state, b.state]).toEqual(['up-to-date', 'up-to-date'])
      await check()
      return true
    }, WITHIN)
    .toBe(true)

test('files of every size, folders, links and the executable bit come to the other device', async () => {
  await mkdir(a.at('d/e'), { recursive: true })
  await a.write('empty', '')
  await a.write('d/small', 'small')
  await a.write('d/e/middle', randomBytes(200_000))
  await a.write('large', randomBytes(20 * MIB))
  await a.write('run', '#!/bin/sh\n')
  await chmod(a.at('run'), 0o755)
  await symlink('d/small', a.at('link'))
  await same(async () => {
    expect(Object.keys(await b.tree())).toHaveLength(8)
    // As near as the runtime can set it.
    const apartNs = Number((await b.mtimeNs('d/small')) - (await a.mtimeNs('d/small')))
    expect(Math.abs(apartNs)).toBeLessThan(1_000)
  })
})

test('edits, renames and deletes on either side', async () => {
  await mkdir(a.at('d'))
  await a.write('d/f', 'one')
  await a.write('g', 'gone soon')
  await same(async () => expect(await b.read('d/f')).toBe('one'))
  await b.write('d/f', 'two')
  await rm(b.at('g'))
  await same(async () => expect(await a.tree()).toEqual({ 'd/': '', 'd/f': Buffer.from('two').toString('base64') }))
  await rename(a.at('d'), a.at('e'))
  await same(async () => expect(Object.keys(await b.tree())).toEqual(['e/', 'e/f']))
  await rename(b.at('e/f'), b.at('h'))
  await rm(b.at('e'), { recursive: true })
  await same(async () => expect(Object.keys(await a.tree())).toEqual(['h']))
})

test('WA-04: what is saved deep in folders that were moved, moved in or made by the other device comes at once', async () => {
  await mkdir(a.at('d/e/f'), { recursive: true })
  await same(async () => expect(Object.keys(await b.tree())).toHaveLength(3))
  await rename(a.at('d'), a.at('moved'))
  const outside = join(dir, 'outside')
  await mkdir(join(outside, 'x', 'y'), { recursive: true })
  await rename(outside, a.at('in'))
  await same(async () => expect(Object.keys(await b.tree())).toHaveLength(6))
  for (const [device, text] of [
    [a, 'of a'],
    [b, 'of b'],
  ] as const) {
    for (const path of ['moved/e/f/file', 'in/x/y/file']) await device.write(path, text)
    await same(async () => {
      for (const other of [a, b]) expect(await other.read('moved/e/f/file')).toBe(text)
      for (const other of [a, b]) expect(await other.read('in/x/y/file')).toBe(text)
    })
  }
})

test('EE-01: edits of both while one was off are both there, under the same names', async () => {
  await a.write('f.txt', 'base')
  await same(async () => expect(await b.read('f.txt')).toBe('base'))
  await b.stop()
  await a.write('f.txt', 'from a')
  await b.write('f.txt', 'from b')
  await expect.poll(async () => (await childrenOf(root))[0]?.contentRevision, WITHIN).toBe(2)
  await b.start()
  await same(async () => {
    const tree = await a.tree()
    expect(Object.keys(tree)).toEqual([expect.stringMatching(/^f \(conflicted copy from /), 'f.txt'])
    expect(Object.values(tree).map((bytes) => Buffer.from(bytes, 'base64').toString())).toEqual(['from b', 'from a'])
  })
})

test('LK-10: what comes into a folder whose name a pipe has waits for the folder, and is there when that is', async () => {
  await mkdir(a.at('d'))
  await same(async () => expect(Object.keys(await b.tree())).toEqual(['d/']))
  await rm(a.at('d'), { recursive: true })
  execFileSync('mkfifo', [a.at('d')])
  await expect.poll(() => a.state, WITHIN).toBe('up-to-date blocked')
  await b.write('d/new', 'new')
  await expect.poll(async () => (await childrenOf((await childrenOf(root))[0]!.id)).length, WITHIN).toBe(1)
  // Told after it: who has this knows of that.
  await b.write('later', 'later')
  await expect.poll(async () => (await readdir(a.folder)).includes('later'), WITHIN).toBe(true)
  await expect.poll(() => a.state, WITHIN).toBe('up-to-date blocked')
  expect(a.events.filter((event) => event.kind === 'step' && event.path === 'd/new')).toEqual([])
  await rm(a.at('d'))
  await mkdir(a.at('d'))
  await same(async () => expect(await a.read('d/new')).toBe('new'))
})

describe('of a large file that is edited only what is new travels', () => {
  const first = randomBytes(24 * MIB)

  /** Until B has it, at the cost of so many bytes each way. Old chunks come out of the packs in which they lie, from their beginning on. */
  const comes = async (bytes: Buffer, edit: () => Promise<void>, received = MIB / 2) => {
    const before = [a, b].map((device) => [device.sent(), device.received()])
    await edit()
    await same(async () => expect((await b.tree())['large']).toBe(shown(bytes)))
    for (const [at, device] of [a, b].entries()) {
      expect(device.sent() - before[at]![0]!).toBeLessThan(MIB / 2)
      expect(device.received() - before[at]![1]!).toBeLessThan(received)
    }
  }
  const save = async (device: RealDevice, bytes: Buffer): Promise<void> => {
    await writeFile(join(dir, 'aside'), bytes)
    await rename(join(dir, 'aside'), device.at('large'))
  }

  test('a byte in the middle, one at the front, on either device, and all as it was at first', async () => {
    await a.write('large', first)
    await same(async () => expect((await b.tree())['large']).toBeDefined())
    expect(Math.min(a.sent(), b.received())).toBeGreaterThan(24 * MIB)
    const middle = Buffer.from(first)
    middle[12 * MIB]! ^= 1
    await comes(middle, () => a.write('large', middle))
    const front = Buffer.concat([Buffer.of(1), middle])
    await comes(front, () => save(a, front))
    const ofB = Buffer.from(front)
    ofB[5 * MIB]! ^= 1
    await comes(ofB, () => save(b, ofB))
    await comes(first, () => save(a, first), 3 * 4 * MIB)
  })

  test('nothing is known of it after a restart: the version before is asked for, and all else is the same', async () => {
    await a.write('large', first)
    await same(async () => expect((await b.tree())['large']).toBeDefined())
    for (const device of [a, b]) {
      await device.stop()
      await device.start()
    }
    await same()
    const middle = Buffer.from(first)
    middle[12 * MIB]! ^= 2
    await comes(middle, () => a.write('large', middle))
  })
})
