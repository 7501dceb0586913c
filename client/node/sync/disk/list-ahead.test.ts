import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeOf } from '../../../../test/contract/sync-disk-world.ts'
import { nodeDiskWorld, type NodeDiskWorld } from '../../../../test/support/node-disk-world.ts'
import type { DiskEntry, FolderSeen } from '../../../sync/ports.ts'
import { openDisk } from './open-disk.ts'

const FOLDERS = 300
let world: NodeDiskWorld
let folders: FolderSeen[]

beforeEach(async () => {
  world = await nodeDiskWorld()
  for (let i = 0; i < FOLDERS; i++) {
    await world.user.makeFolder(`d${i}`)
    for (let file = 0; file < i % 5; file++) await world.user.write(`d${i}/${file} "\u00e9\n`, `${i}`)
  }
  await world.user.makeFolder('d0/below')
  await world.user.symlink('d1/link', world.user.outside.folder)
  if (process.platform === 'linux') {
    execFileSync('mkfifo', [`${world.root}/d2/pipe`])
    writeFileSync(Buffer.concat([Buffer.from(`${world.root}/d3/caf`), Buffer.from([0xe9])]), 'x')
  }
  folders = (await world.disk.list('')).map(({ name, stamp }) => ({ path: name, seen: stamp, digest: null }))
})
afterEach(() => world.close())

const byName = (entries: DiskEntry[]): DiskEntry[] => entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** Another thread has listed one. */
async function untilOne(): Promise<string> {
  for (;;) {
    const path = world.disk.expectedNext()
    if (path !== null) return path
    await setImmediate()
  }
}

describe('folders that are expected', () => {
  test('P8: whoever lists them, here or on the other thread, finds the same', async () => {
    const other = openDisk(world.root)
    world.disk.expect(folders)
    const left = new Map(folders.map(({ path, seen }) => [path, seen]))
    // Some are taken from the other thread, some are asked for whether it has come to them or not.
    for (let turn = 0; left.size > 0; turn++) {
      const path = turn === 0 ? await untilOne() : (world.disk.expectedNext() ?? [...left.keys()].at(-1)!)
      if (!left.has(path)) continue
      expect(byName(await world.disk.list(path, left.get(path)))).toEqual(byName(await other.list(path)))
      left.delete(path)
    }
    other.close()
  })

  test('each is told at most once, and never again when it was asked for', async () => {
    world.disk.expect(folders)
    const told = new Set<string>()
    while (told.size < FOLDERS) {
      const path = await untilOne()
      expect(told.has(path)).toBe(false)
      told.add(path)
    }
    expect(world.disk.expectedNext()).toBeNull()
  })

  test('what cannot be listed is for whoever asks to find out; I12: nor is a link followed', async () => {
    await world.user.rename('d4', 'd4-away')
    await world.user.rename('d5', 'd5-away')
    await world.user.symlink('d5', world.user.outside.folder)
    world.disk.expect(folders)
    for (const [path, code] of [
      ['d4', 'ENOENT'],
      ['d5', 'ENOTDIR'],
    ] as const) {
      const { seen } = folders.find((folder) => folder.path === path)!
      expect(await codeOf(world.disk.list(path, seen))).toBe(code)
    }
  })

  test('what has changed since it was seen above is listed as it is', async () => {
    await world.user.write('d6/new', 'x')
    const { seen } = folders.find(({ path }) => path === 'd6')!
    const names = async () => (await world.disk.list('d6', seen)).map(({ name }) => name)
    expect(await names()).toContain('new')
    world.disk.expect(folders)
    expect(await names()).toContain('new')
  })

  test('when nothing is expected any more, what was read is forgotten', async () => {
    world.disk.expect(folders)
    const path = await untilOne()
    world.disk.expect(null)
    await world.user.write(`${path}/new`, 'x')
    expect((await world.disk.list(path)).map(({ name }) => name)).toContain('new')
    expect(world.disk.expectedNext()).toBeNull()
  })
})
