import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MutationId, NodeId, SpaceId } from '../../core/ids.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import { freshId } from '../../test/support/async-world.ts'
import { treeWorld, type TreeWorld } from '../../test/support/tree-world.ts'
import { asTenant, type Tx } from '../connect.ts'
import { findConflict, findConflictContent, listConflicts } from './conflicts.ts'
import { listTrash, listVersions } from './history.ts'
import { readJournal } from './journal.ts'
import { findContent, findContents, findHeld, findPlaced, listChildren, walkPath, type Visible } from './reads.ts'

let world: TreeWorld
let visible: Visible
beforeAll(async () => {
  world = await treeWorld()
  visible = { tenant: world.tenantId, spaces: [world.spaceId] }
})
afterAll(() => world?.drop())

const read = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => asTenant(world.app, world.tenantId, work)
const hidden = (): Visible => ({ ...visible, spaces: [freshId<SpaceId>()] })

let made = 0
/** Folders in each other, and a file in the last. */
async function deepTree(): Promise<[NodeState, NodeState, NodeState, NodeState]> {
  const nodes: NodeState[] = []
  for (const name of ['a', 'b', 'c', 'file'])
    nodes.push(
      ...(await world.put({
        kind: name === 'file' ? 'file' : 'folder',
        name: name === 'a' ? `a${++made}` : name,
        parentId: nodes.at(-1)?.id ?? world.rootId,
      })),
    )
  return nodes as [NodeState, NodeState, NodeState, NodeState]
}

const trash = ({ id }: NodeState) => world.put({ id, trashedAt: (world.clock.now += 1_000), trashedBy: world.userId })
const purge = ({ id }: NodeState) => world.put({ id, as: 'purged', purge: true })

describe('what lives, what is in the trash, and what is gone', () => {
  const stateOf = async ({ id }: NodeState) => {
    const placed = await read((tx) => findPlaced(tx, visible, id))
    return placed && placed.trashed
  }

  test('a living node; of another space or unknown, nothing', async () => {
    const [a, , , file] = await deepTree()
    expect(await read((tx) => findPlaced(tx, visible, file.id))).toEqual({ node: file, trashed: null })
    expect(await read((tx) => findPlaced(tx, hidden(), a.id))).toBeNull()
    expect(await read((tx) => findPlaced(tx, visible, freshId<NodeId>()))).toBeNull()
    const path = await read((tx) => walkPath(tx, world.tenantId, world.rootId, [a.name, 'b', 'c', 'file']))
    expect(path.at(-1)).toEqual(file)
  })

  test('a deleted folder names itself for all below; the topmost one where two are', async () => {
    const [a, b, c, file] = await deepTree()
    await trash(c)
    expect(await Promise.all([b, c, file].map(stateOf))).toEqual([null, c.id, c.id])
    await trash(a)
    expect(await Promise.all([b, c, file].map(stateOf))).toEqual([a.id, a.id, a.id])
    const walk = (names: string[]) => read((tx) => walkPath(tx, world.tenantId, world.rootId, names))
    expect(await walk([a.name, 'b'])).toHaveLength(1)
    expect(
      await read((tx) => listChildren(tx, world.tenantId, world.rootId, a.name.slice(0, -1), 1_000)),
    ).not.toContainEqual(expect.objectContaining({ id: a.id }))
  })

  test('what was purged takes along what is below, but for what was deleted by itself', async () => {
    const [a, b, c, file] = await deepTree()
    await trash(c)
    await trash(a)
    await purge(a)
    expect(await read((tx) => findPlaced(tx, visible, b.id))).toBeNull()
    expect(await read((tx) => findPlaced(tx, visible, a.id))).toBeNull()
    expect(await Promise.all([c, file].map(stateOf))).toEqual([c.id, c.id])
  })
})

describe('the trash', () => {
  test('each unit once, the newest first, with the names above it; page by page', async () => {
    const [a, b, c, file] = await deepTree()
    await trash(file)
    await trash(c)
    await trash(a)
    const all = await read((tx) => listTrash(tx, visible, { space: world.spaceId, after: null, limit: 3 }))
    expect(all.map(({ node, path }) => [node.id, ...path])).toEqual([
      [a.id],
      [c.id, a.name, b.name],
      [file.id, a.name, b.name, c.name],
    ])
    const pages = []
    for (let after = null; pages.length < 3;) {
      const [item] = await read((tx) => listTrash(tx, visible, { space: null, after, limit: 1 }))
      pages.push(item)
      after = { trashedAt: item!.node.trashedAt!, id: item!.node.id } as never
    }
    expect(pages).toEqual(all)
    expect(await read((tx) => listTrash(tx, hidden(), { space: null, after: null, limit: 9 }))).toEqual([])
    await purge(a)
    const left = await read((tx) => listTrash(tx, visible, { space: null, after: null, limit: 2 }))
    expect(left.map(({ node, path }) => [node.id, ...path])).toEqual([
      [c.id, b.name],
      [file.id, b.name, c.name],
    ])
  })
})

describe('versions', () => {
  test('the newest first, page by page, each readable', async () => {
    const [file] = await world.put({ name: 'versions' })
    for (const contentRevision of [2, 3]) await world.put({ id: file!.id, contentRevision })
    await world.write((effects) => effects.labels.push({ nodeId: file!.id, revision: 2, label: 'good' }))
    const page = (after: number | null) => read((tx) => listVersions(tx, visible, { node: file!, after, limit: 2 }))
    expect((await page(null)).map(({ revision, label }) => [revision, label])).toEqual([
      [3, null],
      [2, 'good'],
    ])
    expect((await page(2)).map(({ revision }) => revision)).toEqual([1])
    const content = await read((tx) => findContent(tx, visible, file!.id, 1))
    expect(Buffer.from(content!.inline!, 'base64').toString()).toBe('versions 1')
  })

  test('many at once: those that live and may be seen, small enough, in the order of the question', async () => {
    const [a, , c, file] = await deepTree()
    const [other] = await world.put({ name: 'other' })
    await world.put({ id: other!.id, contentRevision: 2 })
    const wanted = [
      { id: other!.id, revision: 1 },
      { id: file.id, revision: 1 },
      { id: freshId<NodeId>(), revision: 1 },
      { id: file.id, revision: 9 },
      { id: c.id, revision: 1 },
      { id: other!.id, revision: 2 },
    ]
    const ask = async (of = visible, maxBytes = 100) =>
      (await read((tx) => findContents(tx, of, wanted, maxBytes))).map(({ id, revision }) => ({ id, revision }))
    expect(await ask()).toEqual([wanted[0], wanted[1], wanted[5]])
    const [first] = await read((tx) => findContents(tx, visible, wanted, 100))
    const { node: _node, at: _at, ...alone } = (await read((tx) => findContent(tx, visible, other!.id, 1)))!
    expect(first).toEqual({ id: other!.id, ...alone })
    expect(await ask(visible, 1)).toEqual([])
    expect(await ask(hidden())).toEqual([])
    await trash(a)
    expect(await ask()).toEqual([wanted[0], wanted[5]])
    await trash(other!)
    expect(await ask()).toEqual([])
  })

  test('P1-03: of a symlink they say where it pointed', async () => {
    const [link] = await world.put({ kind: 'symlink', linkTarget: '../über', name: 'link' })
    expect(await read((tx) => listVersions(tx, visible, { node: link!, after: null, limit: 9 }))).toMatchObject([
      { linkTarget: '../über' },
    ])
  })
})

describe('conflicts', () => {
  async function conflict(copy: NodeState | null, original: NodeState): Promise<MutationId> {
    const [content] = await world.owner<{ id: MutationId }[]>`
      select content_ref as id from versions where node_id = ${(copy ?? original).id} limit 1`
    const id = freshId<MutationId>()
    await world.write((effects) =>
      effects.conflicts.push({
        id,
        spaceId: world.spaceId,
        original: original.id,
        copy: copy && copy.id,
        baseRevision: 0,
        theirRevision: 1,
        content: content!.id,
        nodeKind: 'file',
        mtimeNs: '9',
        executable: false,
        userId: world.userId,
        device: 'laptop',
        seq: effects.seq,
        resolution: null,
      }),
    )
    return id
  }

  const ids = async (onlyOpen: boolean, of = visible) =>
    (await read((tx) => listConflicts(tx, of, { space: null, onlyOpen, after: null, limit: 9 }))).map(({ id }) => id)

  test('open until it is resolved, or its copy is thrown away', async () => {
    const [a, b, c, file] = await deepTree()
    const [copy] = await world.put({ parentId: c.id, name: 'copy' })
    const [beside, held] = [await conflict(copy!, file), await conflict(null, file)].toSorted().toReversed()
    expect(await ids(true)).toEqual([beside, held])
    expect(await ids(true, hidden())).toEqual([])
    const found = await read((tx) => findConflict(tx, visible, beside!))
    expect(found).toMatchObject({ path: [a.name, b.name, c.name], base: null, theirs: { device: 'test' } })
    expect(found).toMatchObject({ original: { id: file.id }, mine: { device: 'laptop', mtimeNs: '9' } })
    await trash(copy!)
    expect(await ids(true)).toHaveLength(1)
    expect(await ids(false)).toHaveLength(2)
    for (const id of [beside!, held!]) expect(await read((tx) => findConflictContent(tx, visible, id))).not.toBeNull()
    await world.put({ id: copy!.id, trashedAt: null, as: 'restored' })
    expect(await ids(true)).toHaveLength(2)
    await world.write((effects) =>
      effects.resolutions.push({ id: held!, resolution: 'theirs', by: world.userId, seq: effects.seq }),
    )
    expect(await ids(true)).toEqual([beside])
    await trash(a)
    await purge(a)
    expect(await ids(false)).toEqual([])
    expect(await read((tx) => findConflict(tx, visible, beside!))).toBeNull()
  })

  test('RT-7: over for everybody once its copy is purged, itself or with a folder above, though the rows are still there', async () => {
    const [a, b] = await deepTree()
    const [original, other, copy] = await world.put({ name: 'original' }, { name: 'other' }, { parentId: b.id })
    const [below, itself] = [await conflict(copy!, original!), await conflict(other!, original!)]
    for (const node of [a, other!]) {
      await trash(node)
      expect(await read((tx) => findConflictContent(tx, visible, node === a ? below : itself))).not.toBeNull()
      await purge(node)
    }
    for (const id of [below, itself]) {
      expect(await read((tx) => findConflict(tx, visible, id))).toBeNull()
      expect(await read((tx) => findConflictContent(tx, visible, id))).toBeNull()
      expect(await ids(false)).not.toContain(id)
    }
  })

  test('T6: a chunk of its content may be referred to while it is open, and by readers of the space only', async () => {
    const [file] = await world.put({ name: 'of a conflict' })
    const id = await conflict(null, file!)
    const [content, upload, user] = [freshId<MutationId>(), freshId(), freshId()]
    const chunk = 'c'.repeat(64)
    await world.owner.begin(async (tx) => {
      await tx`insert into contents (tenant_id, id, content_id, codec, size, sha256, chunk_count)
        values (${world.tenantId}, ${content}, 'x', 'raw', 1, 'x', 1)`
      await tx`insert into chunks (tenant_id, sha256, object_key, byte_offset, byte_length, verified, uploaded_by, upload_id)
        values (${world.tenantId}, ${chunk}, 'key', 0, 1, true, ${user}, ${upload})`
      await tx`insert into content_chunks (tenant_id, content_ref, ordinal, sha256, object_key, size, plain)
        values (${world.tenantId}, ${content}, 0, ${chunk}, 'key', 1, 1)`
    })
    const held = () => read((tx) => findHeld(tx, world.tenantId, world.userId, [chunk]))
    expect((await held()).size).toBe(0)
    await world.owner`update conflicts set content_ref = ${content} where id = ${id}`
    expect((await held()).size).toBe(1)
    await world.write((effects) =>
      effects.resolutions.push({ id, resolution: 'theirs', by: world.userId, seq: effects.seq }),
    )
    expect((await held()).size).toBe(0)
  })
})

describe('the journal', () => {
  test('FD-3: a page of long entries is cut by its bytes, and goes on without a gap', async () => {
    const after = world.head()
    const long = { note: 'x'.repeat(16_000) }
    for (let i = 0; i < 60; i++) await world.put({ properties: long, name: `long ${i}` })
    const seqs: number[] = []
    let pages = 0
    for (let at = after; at < world.head(); pages++) {
      const { entries } = await read((tx) => readJournal(tx, world.tenantId, at, 1_000))
      expect(JSON.stringify(entries).length).toBeLessThan(1_100_000)
      seqs.push(...entries.map(({ seq }) => seq))
      at = seqs.at(-1)!
    }
    expect(pages).toBe(2)
    expect(seqs).toEqual(Array.from({ length: 60 }, (_, i) => after + 1 + i))
  })
})
