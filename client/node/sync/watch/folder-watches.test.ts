import { watch, writeFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Hints } from '../../../../test/support/hints.ts'
import { nodeDiskWorld, type NodeDiskWorld } from '../../../../test/support/node-disk-world.ts'
import type { LocalPath } from '../../../sync/ports.ts'
import { identityOf } from '../disk/root.ts'
import { FolderWatches } from './folder-watches.ts'
import { watchedDisk, type WatchedDisk } from './watched-disk.ts'

let world: NodeDiskWorld
let hints: Hints
let watched: WatchedDisk
let watching: Awaited<ReturnType<WatchedDisk['watcher']['start']>>

beforeEach(async () => {
  world = await nodeDiskWorld()
  hints = new Hints()
  watched = watchedDisk(world.disk, 'linux')
  await mkdir(join(world.root, 'd/e'), { recursive: true })
  watching = await watched.watcher.start(hints.note)
})
afterEach(async () => {
  await watching.stop()
  await world.close()
})

/** As a scan does. */
async function listAll(folder: LocalPath = ''): Promise<void> {
  for (const { name, kind } of await watched.disk.list(folder))
    if (kind === 'folder') await listAll(folder === '' ? name : `${folder}/${name}`)
}

/** Somebody saves a file there. @returns when that was hinted at */
async function save(folder: LocalPath): Promise<void> {
  const hint = hints.next(folder)
  await writeFile(join(world.root, folder, 'file'), String(Math.random()))
  await hint
}

describe.runIf(process.platform === 'linux')('folders that are watched one by one', () => {
  test('WA-04: everything is hinted at first, then each folder that was listed', async () => {
    expect(hints.all).toEqual([null])
    await listAll()
    for (const folder of ['d/e', '', 'd']) await save(folder)
    await world.user.makeFolder('.bitvault/new')
    await watched.disk.list('.bitvault/new')
    await world.user.write('.bitvault/new/f', 'ours')
    await save('d/e')
    expect(new Set(hints.all)).toEqual(new Set([null, 'd/e', '', 'd']))
    expect(watching.trouble).toBeNull()
  })

  test('WA-04: with all that is in it, a folder that is moved, or moved in, is heard of where it is', async () => {
    await listAll()
    const outside = join(world.user.outside.folder, 'tree')
    await mkdir(join(outside, 'x/y'), { recursive: true })
    const gone = hints.next('')
    await world.user.rename('d', 'moved')
    await rename(outside, join(world.root, 'in'))
    await gone
    await listAll()
    hints.all = []
    for (const folder of ['moved/e', 'in/x/y', 'moved', 'in']) await save(folder)
    expect(hints.all.filter((hint) => hint !== '')).toEqual(['moved/e', 'in/x/y', 'moved', 'in'])
  })

  test('what we make or move ourselves is heard of, though nobody lists it', async () => {
    await listAll()
    await watched.disk.makeFolder('new')
    await save('new')
    await watched.disk.move('d', 'new/d', null)
    for (const folder of ['new/d/e', 'new/d']) await save(folder)
  })

  test('FD-08: a folder that was made anew at its name', async () => {
    await listAll()
    for (let round = 0; round < 3; round++) {
      const hint = hints.next('')
      await world.user.remove('d')
      await mkdir(join(world.root, 'd/e'), { recursive: true })
      await hint
      await listAll()
      await save('d/e')
    }
  })

  test('RT-06: a root that was away for a moment, and one that is another folder now', async () => {
    await listAll()
    let everything = hints.next(null)
    await rename(world.root, `${world.root}-away`)
    await everything
    everything = hints.next(null)
    await rename(`${world.root}-away`, world.root)
    await everything
    await listAll()
    await save('d')
    everything = hints.next(null)
    await rename(world.root, `${world.root}-away`)
    await mkdir(world.root)
    await everything
    await save('')
    await rm(`${world.root}-away`, { recursive: true })
  })

  test('it ends, and begins anew', async () => {
    await listAll()
    await watching.stop()
    hints.all = []
    await world.user.write('d/f', 'x')
    await setImmediate()
    expect(hints.all).toEqual([])
    watching = await watched.watcher.start(hints.note)
    expect(hints.all).toEqual([null])
    await listAll()
    await save('d/e')
  })

  test('a root that is not there is told, not thrown', async () => {
    const nowhere = new FolderWatches(join(world.root, 'no'), { identityAt: async () => null })
    expect((await nowhere.start(hints.note)).trouble).toMatch(/scans only/)
  })

  test('WA-02: when the system has no watches left, that is told until it has', async () => {
    let now = 0
    let isFull = true
    let asked = 0
    const limited: typeof watch = ((path: string, options: { persistent: false }) => {
      asked++
      if (isFull && asked > 1) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      return watch(path, options)
    }) as typeof watch
    const watches = new FolderWatches(world.root, {
      identityAt: async (path) => identityOf(join(world.root, path)),
      watch: limited,
      now: () => now,
    })
    const started = await watches.start(hints.note)
    expect(started.trouble).toBeNull()
    for (const path of ['d', 'd/e']) watches.cover(path, identityOf(join(world.root, path))!)
    expect(started.trouble).toMatch(/max_user_watches/)
    // The second one was not asked for.
    expect(asked).toBe(2)
    isFull = false
    now = 10_000
    for (const path of ['d', 'd/e']) watches.cover(path, identityOf(join(world.root, path))!)
    expect(started.trouble).toBeNull()
    const hint = hints.next('d/e')
    await world.user.write('d/e/f', 'x')
    await hint
    await started.stop()
  })

  test('WA-01: when more was to be heard than the system keeps, everything may have changed', async () => {
    const identityAt = async (path: LocalPath) => identityOf(join(world.root, path))
    const watches = new FolderWatches(world.root, { identityAt, queueLength: 8 })
    const started = await watches.start(hints.note)
    const cover = async () => watches.cover('d', (await identityAt('d'))!)
    await cover()
    hints.all = []
    let hint = hints.next(null)
    // All in one turn of the event loop.
    for (const name of ['1', '2', '3', '4']) writeFileSync(join(world.root, 'd', name), 'x')
    await hint
    expect(hints.all).toEqual([null])
    await cover()
    hint = hints.next('d')
    await world.user.remove('d/1')
    await hint
    await started.stop()
  })
})
