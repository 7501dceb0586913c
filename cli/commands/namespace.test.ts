import { describe, expect, test } from 'vitest'
import type { Api } from '../../client/api.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { ConflictWire } from '../../protocol/mutations.ts'
import { ask } from '../ask.ts'
import { CliError } from '../failure.ts'
import { createPathFinder } from '../remote-place.ts'
import { sayTo } from '../say.ts'
import { testWorld } from '../test-world.ts'
import { parseDuration } from '../text/duration.ts'
import { formatAgo } from '../text/quantity.ts'
import { quoteForShell } from '../text/quote.ts'
import { choiceLines, conflictLines } from './conflict-lines.ts'
import { copyTree } from './copy-tree.ts'
import { ifExistsOf } from './destination.ts'
import { eachItem } from './each-item.ts'
import { parseTime } from './set.ts'

const SPACE = 'space'
const node = (more: Partial<NodeStateWire>): NodeStateWire =>
  ({
    id: 'n',
    spaceId: SPACE,
    parentId: 'root',
    kind: 'file',
    name: 'n',
    changedSeq: 7,
    properties: null,
    conflictPolicy: null,
    mtimeNs: null,
    ...more,
  }) as NodeStateWire
const root = node({ id: 'root', parentId: null, kind: 'folder', name: '' })

describe('what stands on the command line', () => {
  test.each([
    ['30d', 2_592_000_000],
    ['12h', 43_200_000],
    ['2w', 1_209_600_000],
    ['90m', 5_400_000],
    ['1', 86_400_000],
  ])('a time of %s', (text, ms) => expect(parseDuration(text, '--older')).toBe(ms))

  test.each(['', 'd', '-1d', '1.5d', '30 d', 'soon', '1y'])('no time: %j', (text) =>
    expect(() => parseDuration(text, '--older')).toThrow(expect.objectContaining({ exit: 2 })),
  )

  test.each([
    ['2026-03-04T05:06:07Z', '1772600767000000000'],
    ['2026-03-04T05:06:07.000000001Z', '1772600767000000001'],
    ['2026-03-04 05:06:07.5+02:00', '1772593567500000000'],
    ['1969-12-31T23:59:59.9Z', '-100000000'],
    ['now', '42000000'],
  ])('a moment of %s', (text, ns) => expect(parseTime(text, 42)).toBe(ns))

  test.each(['yesterday', '2026-13-01', '2026-02-30', '2025-02-29T12:00Z', '12:00', '2026-03-04T25:00', ''])(
    'no moment: %j',
    (text) => expect(() => parseTime(text, 0)).toThrow(expect.objectContaining({ exit: 2 })),
  )

  test('two ways for one name are refused', () => {
    const none = { 'no-clobber': false, replace: false, 'keep-both': false }
    expect(ifExistsOf(none)).toBe('fail')
    expect(ifExistsOf({ ...none, 'no-clobber': true })).toBe('keep')
    expect(ifExistsOf({ ...none, replace: true })).toBe('replace')
    expect(() => ifExistsOf({ ...none, replace: true, 'keep-both': true })).toThrow('--keep-both and --replace')
  })

  test('a path is shown as it can be pasted', () => {
    expect(quoteForShell('home/a.txt')).toBe('home/a.txt')
    expect(quoteForShell("home/it's here")).toBe(`'home/it'\\''s here'`)
    expect(quoteForShell('-rf')).toBe("'-rf'")
  })

  test('how long ago', () => {
    const now = 1_000_000_000_000
    const ago = [0, 60_000, 300_000, 7_200_000, 47 * 3_600_000, 50 * 3_600_000].map((ms) => formatAgo(now - ms, now))
    expect(ago).toEqual(['just now', 'just now', '5 min ago', '2 h ago', '47 h ago', '2 days ago'])
    expect(formatAgo(now + 5_000, now)).toBe('just now')
  })
})

describe('a question', () => {
  const answered = (text: string) => {
    const stdin = (async function* () {
      if (text !== '') yield new TextEncoder().encode(text)
    })()
    return ask(testWorld({ stdin }), 'Sure?')
  }
  test.each([
    ['y\n', true],
    ['Yes\n', true],
    ['n\n', false],
    ['\n', false],
    ['yellow\n', false],
    ['n\ny\n', false],
  ])('%j → %j', async (text, yes) => expect(await answered(text)).toBe(yes))

  test('nobody there is no answer', async () => {
    await expect(answered('')).rejects.toMatchObject({ exit: 2 })
  })
})

describe('several things', () => {
  const run = async (fail: Record<string, Error>, names = ['a', 'b']) => {
    const world = testWorld()
    const say = sayTo(world, { json: false, quiet: false })
    const done: string[] = []
    const exit = await eachItem(
      say,
      names.map((shown) => ({ shown })),
      async ({ shown }) => {
        if (fail[shown] !== undefined) throw fail[shown]
        done.push(shown)
      },
    )
    return { exit, done, err: world.err() }
  }
  test('one that fails does not stop the others', async () => {
    expect(await run({})).toEqual({ exit: 0, done: ['a', 'b'], err: '' })
    const one = await run({ a: new AppError('name-taken', { detail: 'by c' }) })
    expect(one).toEqual({ exit: 6, done: ['b'], err: 'a: That name is taken: by c. [name-taken]\n' })
    const missing = new AppError('not-found')
    expect(await run({ a: missing, b: missing })).toMatchObject({ exit: 4, done: [] })
  })

  test('what would stop the others too is thrown, and so is the failure of a single one', async () => {
    for (const code of ['session-revoked', 'busy'] as const)
      await expect(run({ a: new AppError(code) })).rejects.toMatchObject({ code })
    await expect(run({ a: new AppError('name-taken') }, ['a'])).rejects.toMatchObject({ code: 'name-taken' })
  })

  test('T15 a name that fails cannot send escape sequences to a terminal', async () => {
    const world = testWorld({ isTerminal: true, env: { NO_COLOR: '1' } })
    await eachItem(sayTo(world, { json: false, quiet: false }), [{ shown: 'a\u001b[2J' }, { shown: 'b' }], async () => {
      throw new CliError({ code: 'x', exit: 1, message: 'no \u001b[2J' })
    })
    expect(world.err()).not.toContain('\u001b')
  })
})

/** Answers by route; a thrown `AppError` is what the server says. */
function fakeApi(routes: Record<string, (body: Record<string, unknown>, path: string) => unknown>, more = {}) {
  const calls: string[] = []
  const api = {
    ...more,
    transport: {
      newId: () => '01a1fbe7-b18e-76ae-9910-399f78d827bf',
      call: async ({ method, route, path, body }: { method: string; route: string; path: string; body: never }) => {
        calls.push(`${method} ${route}`)
        const answer = routes[`${method} ${route}`]
        if (answer === undefined) throw new Error(`not expected: ${method} ${route}`)
        return answer(body, path)
      },
    },
  }
  return { api: api as unknown as Api, calls }
}
const applied = (state: NodeStateWire, more = {}) => ({ outcome: 'applied', seq: 9, node: state, ...more })

describe('copies', () => {
  const to = { folder: root, path: ['home'], name: 'b', ifExists: 'fail' as const }
  const partial: string[] = []
  const options = {
    onProgress: () => {},
    onPartial: async (path: readonly string[]) => void partial.push(path.join('/')),
  }
  const taken = () => {
    throw new AppError('name-taken')
  }

  test('--replace: beside it, then into its place, and only if nobody changed that meanwhile', async () => {
    const moves: unknown[] = []
    const resolve = async () => ({ node: node({ id: 'old', name: 'b', changedSeq: 5 }), rest: [] })
    const routes = {
      'POST /v1/nodes/{id}/copy': () => applied(node({ id: 'copy', name: 'b (2)' }), { notice: 'renamed' }),
      'POST /v1/nodes/{id}/move': (body: unknown) => {
        moves.push(body)
        return applied(node({ id: 'copy', name: 'b' }))
      },
    }
    const { api } = fakeApi(routes, { resolve })
    const copied = await copyTree(api, node({}), { ...to, ifExists: 'replace' }, options)
    expect(copied).toMatchObject({ is: 'copied', isBeside: false, node: { name: 'b' } })
    expect(moves).toMatchObject([{ name: 'b', ifExists: 'replace', seen: 5 }])

    const stale = fakeApi(
      {
        ...routes,
        'POST /v1/nodes/{id}/move': () => {
          throw new AppError('version-conflict')
        },
        'DELETE /v1/nodes/{id}': (_, path) => {
          expect(path).toContain('/copy?')
          return applied(node({ id: 'copy' }))
        },
      },
      { resolve },
    )
    await expect(copyTree(stale.api, node({}), { ...to, ifExists: 'replace' }, options)).rejects.toMatchObject({
      code: 'version-conflict',
    })
    expect(stale.calls.at(-1)).toBe('DELETE /v1/nodes/{id}')
  })

  test('--replace takes no folder, and nothing over itself', async () => {
    const over = (occupant: NodeStateWire) =>
      copyTree(
        fakeApi({}, { resolve: async () => ({ node: occupant, rest: [] }) }).api,
        node({}),
        { ...to, ifExists: 'replace' },
        options,
      )
    await expect(over(node({ id: 'f', kind: 'folder' }))).rejects.toMatchObject({ code: 'name-taken' })
    await expect(over(node({}))).rejects.toMatchObject({ exit: 2 })
  })

  test('a name that is taken is an error that says what to do, or left alone', async () => {
    const { api } = fakeApi({ 'POST /v1/nodes/{id}/copy': taken })
    await expect(copyTree(api, node({}), to, options)).rejects.toMatchObject({
      message: 'home/b is there already',
      next: expect.stringContaining('--keep-both'),
    })
    expect(await copyTree(api, node({}), { ...to, ifExists: 'keep' }, options)).toEqual({ is: 'kept' })
  })

  test('a tree in pieces: folders that are too large are made anew, what vanished is left out', async () => {
    const copies: string[] = []
    const children: Record<string, NodeStateWire[]> = {
      big: [node({ id: 'f1', name: 'f1' }), node({ id: 'gone', name: 'gone' }), node({ id: 'big2', kind: 'folder' })],
      big2: [node({ id: 'f2', name: 'f2' }), node({ id: 'small', kind: 'folder', name: 'small' })],
    }
    const { api } = fakeApi(
      {
        'POST /v1/nodes/{id}/copy': ({ parent }, path) => {
          const id = path.split('/')[3] ?? ''
          if (id.startsWith('big')) throw new AppError('too-large')
          if (id === 'gone') throw new AppError('in-trash')
          copies.push(`${id} into ${String(parent)}`)
          return applied(node({ id: `copy of ${id}` }))
        },
      },
      {
        children: async function* (id: string) {
          yield* children[id] ?? []
        },
        createFolder: async ({ parent, name }: { parent: string; name: string }) =>
          applied(node({ id: `${parent}/${name}`, kind: 'folder', name })),
      },
    )
    const copied = await copyTree(api, node({ id: 'big', kind: 'folder', parentId: 'root' }), to, options)
    expect(copied).toMatchObject({ is: 'copied', firstSeq: 9, node: { id: 'root/b' } })
    expect(copies).toEqual(['f1 into root/b', 'f2 into root/b/n', 'small into root/b/n'])
  })

  test('a tree in pieces that fails on the way says that a part of it is there', async () => {
    const { api } = fakeApi(
      {
        'POST /v1/nodes/{id}/copy': (_, path) => {
          throw new AppError(path.includes('/big/') ? 'too-large' : 'busy')
        },
      },
      {
        children: async function* () {
          yield node({ id: 'f' })
        },
        createFolder: async () => applied(node({ id: 'made', kind: 'folder', name: 'b' })),
      },
    )
    const big = node({ id: 'big', kind: 'folder' })
    await expect(copyTree(api, big, to, options)).rejects.toMatchObject({ code: 'busy' })
    expect(partial).toEqual(['home/b'])
  })

  test('a tree in pieces does not go into itself', async () => {
    const { api } = fakeApi(
      {
        'POST /v1/nodes/{id}/copy': () => {
          throw new AppError('too-large')
        },
      },
      { stat: async (id: string) => (id === 'root' ? root : node({ id, kind: 'folder' })) },
    )
    const big = node({ id: 'big', kind: 'folder' })
    const inside = node({ id: 'inside', kind: 'folder', parentId: 'big' })
    await expect(copyTree(api, big, { ...to, folder: inside }, options)).rejects.toMatchObject({ code: 'would-cycle' })
  })
})

describe('where something is', () => {
  const finder = (stats: Record<string, NodeStateWire>) => {
    const asked: string[] = []
    const api = {
      spaces: async () => [{ id: SPACE, name: 'home' }],
      stat: async (id: string) => {
        asked.push(id)
        if (stats[id] === undefined) throw new AppError('not-found')
        return stats[id]
      },
    }
    return { paths: createPathFinder(api as unknown as Api), asked }
  }

  test('each folder is asked for once', async () => {
    const f = node({ id: 'f', kind: 'folder', name: 'f' })
    const { paths, asked } = finder({ f, root })
    expect(await paths.of(node({ id: 'a', parentId: 'f', name: 'a' }))).toEqual(['home', 'f', 'a'])
    expect(await paths.of(node({ id: 'b', parentId: 'f', name: 'b' }))).toEqual(['home', 'f', 'b'])
    expect(await paths.of(root)).toEqual(['home'])
    expect(asked).toEqual(['f', 'root'])
  })

  test('what is not to be had any more shows as a gap', async () => {
    const { paths } = finder({})
    expect(await paths.of(node({ parentId: 'lost', name: 'a' }))).toEqual(['home', '…', 'a'])
  })

  test('knows where something was before, also when a folder above it moved', async () => {
    const { paths } = finder({ root })
    paths.learn(root)
    expect(paths.learn(node({ id: 'f', kind: 'folder', name: 'f' }))).toBeNull()
    expect(paths.learn(node({ id: 'a', parentId: 'f', name: 'a' }))).toBeNull()
    expect(paths.learn(node({ id: 'a', parentId: 'f', name: 'b' }))).toEqual(['f', 'a'])
    expect(paths.learn(node({ id: 'f', kind: 'folder', name: 'g' }))).toEqual(['f'])
    expect(await paths.of(node({ id: 'a', parentId: 'f', name: 'b' }))).toEqual(['home', 'g', 'b'])
  })
})

describe('a conflict, as a person sees it', () => {
  const at = new Date(2026, 2, 4, 5, 6).getTime()
  const side = { size: 1536, sha256: null, mtimeNs: null, executable: false, linkTarget: null, at, userId: 'u' }
  const conflict: ConflictWire = {
    id: '0199',
    spaceId: SPACE,
    original: node({ name: 'report.txt' }),
    copy: node({ name: 'report (copy).txt', trashedAt: null }),
    path: ['work'],
    baseRevision: 2,
    base: null,
    theirRevision: 3,
    theirs: { ...side, device: 'phone' },
    mine: { ...side, device: 'desk', linkTarget: 'x' },
    resolution: null,
    resolvedAt: null,
    resolvedBy: null,
  }
  const lines = (more: Partial<ConflictWire>) =>
    conflictLines({ ...conflict, ...more }, 'home', sayTo(testWorld(), { json: false, quiet: false }), () => 'you')

  test('open: both sides, the base, what stands beside it', () => {
    expect(lines({})).toEqual([
      'home/work/report.txt',
      '  mine    2026-03-04 05:06  you  desk       link  came second',
      '  theirs  2026-03-04 05:06  you  phone  1.50 KiB  was there (v3)',
      '  base    –                                       both began with it (v2), no longer kept',
      '  beside  report (copy).txt',
      '  id      0199',
    ])
  })

  test('how it can end, where a copy stands beside it and where the conflict holds the later content', () => {
    expect(choiceLines(conflict)).toEqual([
      '--mine    what came second becomes a new version, the copy goes to the trash',
      '--theirs  what was there stays, the copy goes to the trash',
      '--both    side by side',
      '--merged  a file of yours that holds both becomes a new version',
    ])
    expect(choiceLines({ ...conflict, copy: null })).toEqual([
      '--mine    what came second becomes a new version',
      '--theirs  what was there stays',
      '--both    side by side, what came second under another name',
      '--merged  a file of yours that holds both becomes a new version',
      'What came second is kept with the conflict, as long as things in the trash are.',
    ])
  })

  test('held, and ended', () => {
    expect(lines({ copy: null, baseRevision: 0 }).slice(3)).toEqual([
      '  held    until somebody decides: mine is not in the folder',
      '  id      0199',
    ])
    const ended = { resolution: 'theirs', resolvedAt: at, resolvedBy: 'u' } as const
    expect(lines({ ...ended, copy: node({ name: 'c', trashedAt: at }) }).slice(4)).toEqual([
      '  beside  c (in the trash)',
      '  id      0199',
      '  ended   theirs, 2026-03-04 05:06 by you',
    ])
    expect(lines({ resolution: 'newest-wins', copy: null }).at(-1)).toBe('  ended   the newest won, as the folder says')
  })
})
