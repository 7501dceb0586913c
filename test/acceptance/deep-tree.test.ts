import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import type { MutationResult, NodeStateWire } from '../../protocol/files.ts'
import { inspect, type Inspector } from '../faults/inspector.ts'
import { type Account, firstAccount, inlineFile, signIn } from '../support/account.ts'
import { FeedClient } from '../support/feed-client.ts'
import { testStack } from '../support/stack.ts'
import { storedTree } from '../support/stored-tree.ts'

const LEVELS = 900

let stack: Stack
let inspector: Inspector
let account: Account
beforeAll(async () => {
  stack = await testStack()
  inspector = inspect(stack)
  account = await firstAccount(stack)
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
})

const levelName = (level: number): string => `level ${level}`

/** Entries that make folders inside one another, the first of them in `parent`. */
const chain = (parent: string, top: string, levels = LEVELS) => {
  const ids = Array.from({ length: levels }, () => randomUUID())
  return ids.map((id, at) => ({
    id,
    kind: 'create-folder',
    parent: at === 0 ? parent : { madeBy: ids[at - 1] },
    name: at === 0 ? top : levelName(at),
    ifExists: 'keep',
  }))
}

async function push(...mutations: object[]): Promise<Extract<MutationResult, { node: unknown }>[]> {
  const { status, body } = await account.call('POST', '/v1/sync/push', { mutations })
  expect(status, JSON.stringify(body)).toBe(200)
  return body.results.map((result: MutationResult) => {
    if (result.outcome === 'rejected') throw new Error(JSON.stringify(result.problem))
    return result
  })
}

/** A tree of so many levels with two files at the bottom. */
async function deepTree(top: string, parent = account.home.rootId) {
  const folders = (await push(...chain(parent, top))).map(({ node }) => node.id)
  const file = async (name: string): Promise<NodeStateWire> => {
    const { body } = await account.call('POST', '/v1/files', inlineFile(folders.at(-1)!, name, name))
    return body.files[0].result.node
  }
  return {
    top: folders[0]!,
    bottom: folders.at(-1)!,
    folders,
    files: [await file('a.txt'), await file('b.txt')] as const,
  }
}

const trash = (node: string, seen: number | null = null) =>
  push({ id: randomUUID(), kind: 'trash', node, base: null, seen })

const rewrite = (file: NodeStateWire, text: string) =>
  account.call('POST', '/v1/files', {
    ...inlineFile('', '', text),
    target: { node: file.id },
    base: file.contentRevision,
  })

/** Names from below the root of the space down to the node. */
async function pathOf(id: string): Promise<string[]> {
  const rows = await inspector.owner<{ name: string }[]>`
    with recursive up as (
      select id, parent_id, name, 0 as depth from nodes where id = ${id}
      union all select n.id, n.parent_id, n.name, up.depth + 1 from nodes n join up on n.id = up.parent_id)
    select name from up where parent_id is not null order by depth desc`
  return rows.map(({ name }) => name)
}

const pathBelow = (top: string, name: string) => [
  top,
  ...Array.from({ length: LEVELS - 1 }, (_, at) => levelName(at + 1)),
  name,
]

describe(`SC-04 a tree of ${LEVELS} levels`, () => {
  test('is made by one push, and found there by another', async () => {
    const first = await push(...chain(account.home.rootId, 'made'))
    const again = await push(...chain(account.home.rootId, 'made'))
    expect(again.map(({ node }) => node.id)).toEqual(first.map(({ node }) => node.id))
    expect(await pathOf(first.at(-1)!.node.id)).toHaveLength(LEVELS)
  })

  test('is moved, copied, thrown away, restored', async () => {
    const { top, files } = await deepTree('whole')
    const { rootId } = account.home
    await push({ id: randomUUID(), kind: 'move', node: top, to: { parent: rootId, name: 'moved' }, base: null })
    expect(await pathOf(files[0].id)).toEqual(pathBelow('moved', 'a.txt'))
    const copied = { id: randomUUID(), kind: 'copy', node: top, to: { parent: rootId, name: 'copied' } }
    await push(copied)
    const { body } = await account.call(
      'GET',
      `/v1/resolve?path=${encodeURIComponent(['home', ...pathBelow('copied', 'b.txt')].join('/'))}`,
    )
    expect(body.node, JSON.stringify(body)).toMatchObject({ name: 'b.txt', sha256: files[1].sha256 })
    await trash(top)
    await push({ id: randomUUID(), kind: 'restore', node: top, to: null })
    expect(await pathOf(files[0].id)).toEqual(pathBelow('moved', 'a.txt'))
  })

  test('P3 what is edited at its bottom while it is thrown away comes back, and then its neighbour into the same folders', async () => {
    const { top, files } = await deepTree('revived')
    await trash(top)
    for (const file of files) {
      const { body } = await rewrite(file, `${file.name} edited`)
      expect(body.files?.[0].result, JSON.stringify(body)).toMatchObject({ outcome: 'applied', notice: 'revived' })
    }
    for (const file of files) expect(await pathOf(file.id)).toEqual(pathBelow('revived', file.name))
    const parents =
      await inspector.owner`select distinct parent_id from nodes where id in (${files[0].id}, ${files[1].id})`
    expect(parents).toHaveLength(1)
  })

  test('P4 what another device put at its bottom survives its delete', async () => {
    const { top, bottom, files } = await deepTree('survived')
    const seen = files[1].changedSeq
    const other = await signIn(stack.url, account.email, account.password, 'second device')
    const added = await other.call('POST', '/v1/files', inlineFile(bottom, 'c.txt', 'c'))
    const [answer] = await trash(top, seen)
    expect(answer).toMatchObject({ outcome: 'conflict', original: top })
    expect(await pathOf(added.body.files[0].result.node.id)).toEqual(pathBelow('survived', 'c.txt'))
  })

  test('P3 at the bottom of another it is still told; an edit down there brings nothing back, a restore does', async () => {
    const { rootId } = account.home
    const { top, files } = await deepTree('below')
    const above = await deepTree('above')
    await push({ id: randomUUID(), kind: 'move', node: top, to: { parent: above.bottom, name: 'below' }, base: null })
    expect(await pathOf(files[0].id)).toHaveLength(2 * LEVELS + 1)
    expect((await rewrite(files[0], 'deep')).body.files[0].result).toMatchObject({ outcome: 'applied' })
    await push({ id: randomUUID(), kind: 'move', node: files[1].id, to: { parent: rootId, name: 'out' }, base: null })
    await trash(above.top)
    expect(await rewrite(files[0], 'deeper')).toMatchObject({ status: 413, body: { code: 'too-large' } })
    await push({ id: randomUUID(), kind: 'restore', node: files[0].id, to: null })
  })

  test('I10 is told by snapshot and feed as it is stored', async () => {
    const client = new FeedClient({ call: account.call, limit: () => 400 })
    await client.begin()
    const stored = await storedTree(inspector.owner, [account.home.id])
    expect(client.tree.sorted()).toEqual(stored)
    const reader = new FeedClient({ call: account.call })
    await reader.pull()
    // The root of the space stands before the first entry.
    expect(reader.tree.sorted()).toEqual(stored.filter(({ parentId }) => parentId !== null))
    expect(await inspector.forks()).toEqual([])
    expect(await inspector.audit()).toMatchObject({ clean: true })
  })
})
