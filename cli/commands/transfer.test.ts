import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Api } from '../../client/api.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { eachAtOnce } from './each-at-once.ts'
import { exitOf as getExit, summaryLine as getSummary } from './get-report.ts'
import { placeLink, pointsInside, presentLink } from './local-link.ts'
import { isSameContent, localPath, makeLocalFolder } from './local-place.ts'
import { findSources, openDestination, type Source } from './put-destination.ts'
import { exitOf as putExit, summaryLine as putSummary } from './put-report.ts'

const node = (more: Partial<NodeStateWire>): NodeStateWire =>
  ({ id: 'n', kind: 'folder', name: 'n', ...more }) as NodeStateWire

describe('where a put goes', () => {
  const file: Source = { path: '/here/a.txt', name: 'a.txt', kind: 'file' }
  const folder: Source = { path: '/here/photos', name: 'photos', kind: 'folder' }
  const root = node({ id: 'root', name: '' })
  /** A space with a folder `docs` and a file `b.txt`. */
  function fakeApi() {
    const made: unknown[] = []
    const api = {
      newMutationId: () => 'm',
      resolve: async (path: string) => {
        const [, ...rest] = path.split('/')
        if (rest[0] === undefined) return { node: root, deepest: root, rest: [] }
        if (rest[0] === 'b.txt')
          return { node: node({ id: 'b', kind: 'file', name: 'b.txt', parentId: 'root' }), deepest: root, rest: [] }
        const docs = node({ id: 'docs', name: 'docs' })
        if (rest[0] !== 'docs') return { node: null, deepest: root, rest }
        return rest.length === 1
          ? { node: docs, deepest: docs, rest: [] }
          : { node: null, deepest: docs, rest: rest.slice(1) }
      },
      stat: async (id: string) => node({ id }),
      createFolders: async ({ folders }: { folders: { name: string; parent: unknown }[] }) => {
        made.push(...folders.map(({ name, parent }) => ({ name, parent })))
        return folders.map(({ name }) => ({ outcome: 'applied', node: node({ id: `new ${name}`, name }) }))
      },
    }
    return { api: api as unknown as Api, made }
  }
  const open = async (path: string, sources: Source[]) => {
    const { api, made } = fakeApi()
    const segments = path.split('/').filter((segment) => segment !== '')
    const { folder: place, as } = await openDestination(api, { segments, isFolder: path.endsWith('/') }, sources)
    return { into: place.id, as, made }
  }

  test('a folder that exists gets each under its own name', async () => {
    expect(await open('home/docs', [file, folder])).toEqual({ into: 'docs', as: null, made: [] })
    expect(await open('home', [folder])).toEqual({ into: 'root', as: null, made: [] })
  })

  test('what does not exist is the new name of a single file', async () => {
    expect(await open('home/docs/c.txt', [file])).toEqual({ into: 'docs', as: 'c.txt', made: [] })
  })

  test('missing folders are made, also for a slash at the end or for several', async () => {
    expect(await open('home/x/y/c.txt', [file])).toEqual({
      into: 'new y',
      as: 'c.txt',
      made: [
        { name: 'x', parent: 'root' },
        { name: 'y', parent: { created: 0 } },
      ],
    })
    expect(await open('home/x/', [file])).toEqual({ into: 'new x', as: null, made: [{ name: 'x', parent: 'root' }] })
    expect(await open('home/x', [file, folder])).toEqual({
      into: 'new x',
      as: null,
      made: [{ name: 'x', parent: 'root' }],
    })
  })

  test('a folder goes into the destination whether that exists or not, so that a second run does the same', async () => {
    const made = [{ name: 'pics', parent: 'root' }]
    expect(await open('home/pics', [folder])).toEqual({ into: 'new pics', as: null, made })
    expect(await open('home/docs', [folder])).toEqual({ into: 'docs', as: null, made: [] })
  })

  test('a file that exists gets a new version, from a single file only', async () => {
    expect(await open('home/b.txt', [file])).toEqual({ into: 'root', as: 'b.txt', made: [] })
    for (const attempt of [open('home/b.txt', [folder]), open('home/b.txt', [file, file]), open('home/b.txt/', [file])])
      await expect(attempt).rejects.toMatchObject({ code: 'not-a-folder' })
  })
})

describe('exit codes and summaries', () => {
  const put = { applied: 0, links: 0, unchanged: 0, kept: 0, conflicts: 0, failures: [], left: 0, bytes: 0 }
  test.each([
    [{}, 0, 'Nothing new.'],
    [{ unchanged: 3 }, 0, 'Nothing new: 3 unchanged.'],
    [{ applied: 1, bytes: 5 }, 0, '1 file, 5 B in 0.2 s.'],
    [{ applied: 2, conflicts: 1, bytes: 2048 }, 5, '3 files, 2.00 KiB in 0.2 s; 1 conflicted copy.'],
    [{ applied: 2, failures: [4 as const], bytes: 10 }, 6, '2 files, 10 B in 0.2 s; 1 failed.'],
    [{ failures: [7 as const, 4 as const] }, 7, 'Nothing new: 2 failed.'],
    [{ applied: 1, links: 2, bytes: 5 }, 0, '1 file, 2 links, 5 B in 0.2 s.'],
    [{ links: 1, failures: [1 as const] }, 6, '0 files, 1 link, 0 B in 0.2 s; 1 failed.'],
    [{ applied: 1, left: 2, bytes: 1 }, 0, '1 file, 1 B in 0.2 s; 2 left out.'],
  ])('put %j', (more, exit, summary) => {
    expect(putExit({ ...put, ...more })).toBe(exit)
    expect(putSummary({ ...put, ...more }, null, 200)).toBe(summary)
  })

  test('put says what went over the wire', () => {
    const totals = { bytesSent: 320 * 1024 ** 2, bytesDeduplicated: 131 * 1024 ** 2 } as Parameters<
      typeof putSummary
    >[1]
    expect(putSummary({ ...put, applied: 31, unchanged: 2, bytes: 1_127_428_915 }, totals, 17_000)).toBe(
      '31 files, 1.05 GiB in 17 s (63.2 MiB/s): 320 MiB sent, 131 MiB already there; 2 unchanged.',
    )
  })

  const get = { fetched: 0, unchanged: 0, kept: 0, left: 0, failures: [], bytes: 0 }
  test.each([
    [{ fetched: 1, bytes: 5 }, 0, '1 file, 5 B in 0.2 s.'],
    [{ unchanged: 1 }, 0, 'Nothing new: 1 unchanged.'],
    [{ kept: 1 }, 1, 'Nothing new: 1 there already and kept.'],
    [{ fetched: 1, left: 1, bytes: 5 }, 0, '1 file, 5 B in 0.2 s; 1 left out.'],
    [{ fetched: 1, kept: 1, bytes: 5 }, 6, '1 file, 5 B in 0.2 s; 1 there already and kept.'],
    [{ failures: [7 as const] }, 7, 'Nothing new: 1 failed.'],
  ])('get %j', (more, exit, summary) => {
    expect(getExit({ ...get, ...more })).toBe(exit)
    expect(getSummary({ ...get, ...more }, 200)).toBe(summary)
  })
})

describe('on this computer', () => {
  let dir = ''
  beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'bitvault-cli-'))))
  afterEach(() => rm(dir, { recursive: true, force: true }))

  test('T15 a name from the server is one step below, or refused', () => {
    expect(localPath('/place', ['a', 'b.txt'], 'linux')).toBe('/place/a/b.txt')
    for (const name of ['..', '.', '', '../x', 'a/b', '/etc/passwd', 'a\u0000b'])
      expect(() => localPath('/place', [name], 'linux')).toThrow(expect.objectContaining({ code: 'name-refused' }))
  })

  test.each(['a\\b', 'c:', 'NUL', 'nul.txt', 'COM1', 'LPT9.log', 'trailing.', 'trailing ', 'a:stream', 'CONIN$'])(
    'T15 Windows has no file called %j',
    (name) => {
      expect(() => localPath('/place', [name], 'win32')).toThrow(expect.objectContaining({ code: 'name-refused' }))
      expect(localPath('/place', [name], 'linux')).toBe(`/place/${name}`)
    },
  )

  test('T15 a folder is not made through a link to elsewhere', async () => {
    await mkdir(join(dir, 'outside'))
    await symlink(join(dir, 'outside'), join(dir, 'link'))
    await writeFile(join(dir, 'file'), '')
    await makeLocalFolder(join(dir, 'outside'), { parents: false })
    for (const name of ['link', 'file'])
      await expect(makeLocalFolder(join(dir, name), { parents: false })).rejects.toMatchObject({
        code: 'local-name-taken',
      })
  })

  test.each([
    ['a.txt', true],
    ['../b/c', true],
    ['./sub/../x', false],
    ['..', true],
    ['../..', false],
    ['../../place-beside', false],
    ['/etc/passwd', false],
    ['/place/a', false],
    ['..\\..\\x', false],
    ['sub/link/../../..', false],
    ['.', true],
  ])('T15 a link in /place/folder that says %j leads inside /place: %j', (target, inside) =>
    expect(pointsInside('/place', '/place/folder/link', target)).toBe(inside),
  )

  test('T15 a link is put in its place as a whole; what it or an older one points to is not touched', async () => {
    await writeFile(join(dir, 'kept.txt'), 'mine')
    expect(await presentLink(join(dir, 'link'), 'kept.txt')).toBe('nothing')
    await placeLink(join(dir, 'link'), 'kept.txt')
    expect(await presentLink(join(dir, 'link'), 'kept.txt')).toBe('same')
    await placeLink(join(dir, 'link'), 'elsewhere')
    expect(await readlink(join(dir, 'link'))).toBe('elsewhere')
    expect(await presentLink(join(dir, 'link'), 'kept.txt')).toBe('different')
    expect(await presentLink(join(dir, 'kept.txt'), 'kept.txt')).toBe('different')
    await placeLink(join(dir, 'kept.txt'), 'x')
    expect(await readdir(dir)).toEqual(['kept.txt', 'link'])
    await expect(presentLink(dir, 'x')).rejects.toMatchObject({ code: 'local-name-taken' })
  })

  test('the same bytes are recognised by their hash', async () => {
    const path = join(dir, 'a')
    const abc = { size: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' }
    expect(await isSameContent(path, node(abc))).toBe('nothing')
    await writeFile(path, 'abc')
    expect(await isSameContent(path, node(abc))).toBe('same')
    await writeFile(path, 'abd')
    expect(await isSameContent(path, node(abc))).toBe('different')
    await writeFile(path, 'abcd')
    expect(await isSameContent(path, node(abc))).toBe('different')
    await expect(isSameContent(dir, node(abc))).rejects.toMatchObject({ code: 'local-name-taken' })
  })

  test('sources: a file, a folder, a link that is named, the contents of a folder, and one that is missing', async () => {
    await writeFile(join(dir, 'a.txt'), '')
    await mkdir(join(dir, 'photos'))
    await symlink(join(dir, 'a.txt'), join(dir, 'link'))
    expect(await findSources(['a.txt', 'photos/', 'link', '.'], dir)).toEqual([
      { path: join(dir, 'a.txt'), kind: 'file', name: 'a.txt' },
      { path: join(dir, 'photos'), kind: 'folder', name: 'photos' },
      { path: join(dir, 'a.txt'), kind: 'file', name: 'link' },
      { path: dir, kind: 'folder', name: null },
    ])
    await expect(findSources(['a.txt', 'missing'], dir)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('several at once', () => {
  async function* numbers(count: number) {
    for (let i = 0; i < count; i++) yield i
  }

  test('all are done, at most so many at a time', async () => {
    const done: number[] = []
    let running = 0
    let most = 0
    await eachAtOnce(numbers(100), 7, async (i) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      done.push(i)
      running--
    })
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(most).toBe(7)
  })

  test('the first failure ends it, of the work or of the source', async () => {
    let seen = 0
    const work = async (i: number) => {
      seen++
      if (i === 3) throw new Error('no more')
    }
    await expect(eachAtOnce(numbers(1_000_000), 2, work)).rejects.toThrow('no more')
    expect(seen).toBeLessThan(3_000)
    async function* broken() {
      yield 1
      throw new Error('the source broke')
    }
    await expect(eachAtOnce(broken(), 2, async () => {})).rejects.toThrow('the source broke')
  })

  test('the source runs ahead, but not for ever', async () => {
    let made = 0
    async function* counted() {
      while (made < 10_000) yield ++made
    }
    let first = true
    await eachAtOnce(counted(), 1, async () => {
      if (!first) return
      first = false
      for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
      expect(made).toBeGreaterThan(1_000)
      expect(made).toBeLessThan(2_100)
    })
    expect(made).toBe(10_000)
  })
})
