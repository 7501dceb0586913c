import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Hints } from '../../../../test/support/hints.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { foldersOf, watchTree } from './watch-tree.ts'

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
    const hints = new Hints()
    const watching = await watchTree(root).start(hints.note)
    expect(watching.trouble).toBeNull()
    expect(hints.all).toEqual([null])
    await writeFile(join(root, '.bitvault', 'f'), 'ours')
    let hint = hints.next('d')
    await writeFile(join(root, 'd', 'f'), 'x')
    await hint
    hint = hints.next('')
    await rename(join(root, 'd', 'f'), join(root, 'f'))
    await hint
    await mkdir(join(root, 'new'))
    await writeFile(join(root, 'new', 'f'), 'x')
    await watching.stop()
    expect(hints.all).not.toContain('.bitvault')
  })

  test('RT-06: a root that was away for a moment is watched again', async () => {
    const hints = new Hints()
    const watching = await watchTree(root).start(hints.note)
    for (const time of ['first', 'second']) {
      const gone = hints.next(null)
      await rename(root, `${root}-away`)
      await rename(`${root}-away`, root)
      // Once because it has gone, once because it is watched again.
      await gone
      await hints.next(null)
      const hint = hints.next('d')
      await writeFile(join(root, 'd', time), 'x')
      await hint
    }
    expect(watching.trouble).toBeNull()
    await watching.stop()
  })

  test('a watch that is begun while the only other one ends hears of what changes', async () => {
    const other = await temporaryFolder()
    for (let round = 0; round < 20; round++) {
      const ending = await watchTree(other).start(() => {})
      const hint = Promise.withResolvers<void>()
      const ended = ending.stop()
      // How soon the other end is begun is what is tried here.
      for (let turns = 0; turns < round % 8; turns++) await Promise.resolve()
      const watching = await watchTree(root).start((folder) => {
        if (folder === 'd') hint.resolve()
      })
      await ended
      await writeFile(join(root, 'd', `${round}`), 'x')
      await hint.promise
      await watching.stop()
    }
    await rm(other, { recursive: true, force: true })
  })

  test('WA-02: a root that cannot be watched is told, not thrown', async () => {
    const watching = await watchTree(join(root, 'no')).start(() => {})
    expect(watching.trouble).toMatch(/scans only/)
    await watching.stop()
  })
})
