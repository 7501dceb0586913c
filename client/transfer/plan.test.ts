import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { createMemoryServer, type MemoryServer } from '../../test/support/memory-server.ts'
import { createApi, type Api } from '../api.ts'
import type { LinkItem, Skipped, UploadItem } from './events.ts'
import { planTree, type WalkEntry } from './plan.ts'

let server: MemoryServer
let api: Api
beforeEach(() => {
  server = createMemoryServer()
  api = createApi({
    baseUrl: 'http://server',
    accessToken: async () => 'token',
    fetch: (...args) => server.fetch(...args),
    clock: () => 0,
    random: (length) => randomBytes(length),
    sleep: async () => {},
  })
})

const folder = (...parts: string[]): WalkEntry => ({ kind: 'folder', path: `/disk/${parts.join('/')}`, parts })
const file = (...parts: string[]): WalkEntry => ({
  kind: 'file',
  path: `/disk/${parts.join('/')}`,
  parts,
  sizeBytes: 3,
  mtimeNs: '1',
  executable: false,
})

const link = (target: string, ...parts: string[]): WalkEntry => ({
  kind: 'symlink',
  path: `/disk/${parts.join('/')}`,
  parts,
  target,
  mtimeNs: '1',
})

async function plan(...entries: WalkEntry[]) {
  const items: UploadItem[] = []
  const skipped: Skipped[] = []
  const links: LinkItem[] = []
  const made: string[] = []
  async function* walked() {
    yield* entries
  }
  const options = {
    onSkipped: (s: Skipped) => skipped.push(s),
    onFolder: (node: { name: string }) => made.push(node.name),
    onLinks: async (some: readonly LinkItem[]) => void links.push(...some),
  }
  for await (const item of planTree(api, await api.stat(server.rootId), walked(), options)) items.push(item)
  return { items, skipped, made, links }
}

/** A file of that name, three bytes long. */
async function putFile(parent: string, name: string): Promise<string> {
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  const { files } = await api.initUpload({
    files: [{ target: { parent, name }, size: 3, sha256, content: { inline: 'YWJj' } }],
  })
  const [only] = files
  if (only?.state !== 'done' || only.result.outcome !== 'applied') throw new Error('not put')
  return only.result.node.id
}

describe('TF-2 the plan', () => {
  test('makes the folders of a new tree with one request, and asks nothing about what is in them', async () => {
    const { items, made } = await plan(folder('a'), folder('a', 'b'), file('a', 'b', 'x'), folder('c'), file('c', 'y'))
    expect(made).toEqual(['a', 'b', 'c'])
    expect(server.log.filter((what) => what === 'POST /v1/folders/batch').length).toBe(1)
    expect(server.log.filter((what) => what.endsWith('/children')).length).toBe(1)
    expect(items.map(({ target, base }) => [target, base])).toEqual([
      [{ parent: server.find('b')!.id, name: 'x' }, 0],
      [{ parent: server.find('c')!.id, name: 'y' }, 0],
    ])
  })

  test('finds what is there: the same folder, the content that a file holds now', async () => {
    await plan(folder('a'))
    const nodeId = await putFile(server.find('a')!.id, 'caf\u00e9')
    const { items, made } = await plan(folder('a'), file('a', 'cafe\u0301'))
    expect(made).toEqual([])
    expect(items).toMatchObject([{ base: 1, present: { nodeId, sizeBytes: 3, executable: false } }])
  })

  test('a file where a folder should be, and the other way round: left out, with the reason', async () => {
    await putFile(server.rootId, 'taken')
    await plan(folder('dir'))
    const { items, skipped } = await plan(folder('taken'), file('taken', 'x'), file('dir'), file('free'))
    expect(items.map(({ path }) => path)).toEqual(['/disk/free'])
    expect(skipped.map(({ path, reason }) => [path, reason])).toEqual([
      ['/disk/taken', 'name-taken'],
      ['/disk/taken/x', 'name-taken'],
      ['/disk/dir', 'name-taken'],
    ])
  })

  test('two roots that bring the same folder share it', async () => {
    const many = Array.from({ length: 2_100 }, (_, i) => file('a', `f${i}`))
    const { items, made } = await plan(folder('a'), ...many, folder('z'), folder('a'), file('a', 'more'))
    expect(made).toEqual(['a', 'z'])
    const parent = server.find('a')!.id
    expect(items.at(-1)?.target).toEqual({ parent, name: 'more' })
    expect(items.length).toBe(2_101)
  })

  test('links are told with the folder that they go into, and what is there already', async () => {
    await putFile(server.rootId, 'taken')
    for (const name of ['same', 'other']) {
      const { state } = server.nodes.get(await putFile(server.rootId, name))!
      Object.assign(state, { kind: 'symlink', linkTarget: 'to/same' })
    }
    const { items, links, skipped } = await plan(
      folder('a'),
      link('to/same', 'same'),
      link('to/other', 'other'),
      link('x', 'a', 'new'),
      link('x', 'taken'),
    )
    expect(items).toEqual([])
    const root = server.rootId
    expect(links).toMatchObject([
      { place: { parent: root, name: 'same' }, base: 1, present: { isSame: true } },
      { place: { parent: root, name: 'other' }, base: 1, present: { isSame: false } },
      { place: { parent: server.find('a')!.id, name: 'new' }, base: 0, target: 'x' },
    ])
    expect(links[2]).not.toHaveProperty('present')
    expect(skipped.map(({ path, reason }) => [path, reason])).toEqual([['/disk/taken', 'name-taken']])
  })
})
