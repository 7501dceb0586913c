import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { BegunWatch } from './begun-watch.ts'
import { beginWatches, endWatches, takeWatch } from './begun-watches.ts'
import { foldersOf, watchRoot } from './watcher.ts'

describe('folders of events', () => {
  const event = (path: string) => ({ path, type: 'update' as const })

  test('each folder once, below the root only, and never ours', () => {
    const events = ['/r/f', '/r/g', '/r/a/b/f', '/r/.bitvault/tmp/x', '/r/.bitvaultignore', '/elsewhere/f'].map(event)
    expect(foldersOf('/r', events)).toEqual(['', 'a/b'])
  })

  test('WA-01: too many are everything', () => {
    expect(
      foldersOf(
        '/r',
        Array.from({ length: 2_000 }, (_, i) => event(`/r/${i}/f`)),
      ),
    ).toEqual([null])
  })
})

describe('the system', () => {
  let root: string
  beforeEach(async () => {
    root = await temporaryFolder()
    await mkdir(join(root, 'd'))
    await mkdir(join(root, '.bitvault'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  test('WA-04: everything is hinted at first, then the folder of each change', async () => {
    const hints: (string | null)[] = []
    let onNext = () => {}
    const until = (wanted: string | null) =>
      new Promise<void>((resolve) => {
        onNext = () => {
          if (hints.includes(wanted)) resolve()
        }
        onNext()
      })
    const watching = await watchRoot(root).start((hint) => {
      hints.push(hint)
      onNext()
    })
    expect(watching.trouble).toBeNull()
    expect(hints).toEqual([null])
    await writeFile(join(root, '.bitvault', 'f'), 'ours')
    await writeFile(join(root, 'd', 'f'), 'x')
    await until('d')
    await rename(join(root, 'd', 'f'), join(root, 'f'))
    await until('')
    await mkdir(join(root, 'new'))
    await writeFile(join(root, 'new', 'f'), 'x')
    await watching.stop()
    expect(hints).not.toContain('.bitvault')
  })

  test('RT-06: a root that was away for a moment is watched again', async () => {
    let hints: (string | null)[] = []
    let onNext = () => {}
    const until = (wanted: string | null) =>
      new Promise<void>((resolve) => {
        onNext = () => {
          if (hints.includes(wanted)) resolve()
        }
        onNext()
      })
    const watching = await watchRoot(root).start((hint) => {
      hints.push(hint)
      onNext()
    })
    for (const time of ['first', 'second']) {
      hints = []
      await rename(root, `${root}-away`)
      await rename(`${root}-away`, root)
      // Once because it has gone, once because it is watched again.
      await until(null)
      hints = []
      await until(null)
      await writeFile(join(root, 'd', time), 'x')
      await until('d')
    }
    expect(watching.trouble).toBeNull()
    await watching.stop()
  })

  test('a watch that is begun while the only other one ends hears of what changes', async () => {
    const other = await temporaryFolder()
    for (let round = 0; round < 20; round++) {
      const ending = await watchRoot(other).start(() => {})
      const hint = Promise.withResolvers<void>()
      const ended = ending.stop()
      // How soon the other end is begun is what is tried here.
      for (let turns = 0; turns < round % 8; turns++) await Promise.resolve()
      const watching = await watchRoot(root).start((folder) => {
        if (folder === 'd') hint.resolve()
      })
      await ended
      await writeFile(join(root, 'd', `${round}`), 'x')
      await hint.promise
      await watching.stop()
    }
    await rm(other, { recursive: true, force: true })
  })

  test('WA-02: when the limit is reached later, that is told too', async () => {
    const hint = Promise.withResolvers<void>()
    const watching = await watchRoot(root, { canWatchMore: () => false }).start((folder) => {
      if (folder === '') hint.resolve()
    })
    expect(watching.trouble).toBeNull()
    await mkdir(join(root, 'new'))
    await hint.promise
    expect(watching.trouble).toMatch(/max_user_watches/)
    await watching.stop()
  })

  test('WA-02: a root that cannot be watched is told, not thrown', async () => {
    const watching = await watchRoot(join(root, 'no')).start(() => {})
    expect(watching.trouble).toMatch(/scans only/)
    await watching.stop()
  })

  describe('begun before anybody listens', () => {
    /** @returns resolves with the first change in `d` that is hinted at */
    const hears = async (begun: BegunWatch): Promise<void> => {
      const hint = Promise.withResolvers<void>()
      const watching = await watchRoot(root, { begun }).start((folder) => {
        if (folder === 'd') hint.resolve()
      })
      expect(watching.trouble).toBeNull()
      await writeFile(join(root, 'd', 'f'), 'x')
      await hint.promise
      await watching.stop()
    }

    test('it is taken once, and hears of what changes from then on', async () => {
      const begun = new BegunWatch(root)
      const event = Promise.withResolvers<string>()
      const taken = await begun.take(root, (_error, events) => event.resolve(events[0]!.path))
      expect(await begun.take(root, () => {})).toBeNull()
      await begun.end()
      await writeFile(join(root, 'd', 'f'), 'x')
      expect(await event.promise).toBe(join(root, 'd', 'f'))
      await taken!.subscription!.unsubscribe()
      await hears(new BegunWatch(root))
    })

    test('RT-01: one of a folder that stood there before is left, and the present one is watched', async () => {
      const begun = new BegunWatch(root)
      await rename(root, `${root}-away`)
      await mkdir(join(root, 'd'), { recursive: true })
      await hears(begun)
      await rm(`${root}-away`, { recursive: true })
    })

    test('RT-06: so is one of nothing', async () => {
      await rename(root, `${root}-away`)
      const begun = new BegunWatch(root)
      await rename(`${root}-away`, root)
      await hears(begun)
    })

    test('those of all links are, but of those that are paused; a file that says nothing is no trouble', async () => {
      const links = join(root, 'links.json')
      await writeFile(links, JSON.stringify({ links: [{ root }, { root: '/paused', paused: true }, { root: 7 }] }))
      beginWatches(links)
      const taken = takeWatch(root)
      await hears(taken)
      expect(takeWatch(root)).not.toBe(taken)
      for (const text of ['', 'no', '7', '{"links": 3}', '{"links": [null]}']) {
        await writeFile(links, text)
        expect(() => beginWatches(links), text).not.toThrow()
      }
      await endWatches()
    })
  })
})
