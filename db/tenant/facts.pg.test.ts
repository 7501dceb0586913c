import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MutationId, NodeId, SessionId } from '../../core/ids.ts'
import { COPY_MAX_NODES, survivorsKey, SURVIVORS_MAX, versionKey, type NodeState } from '../../core/namespace/model.ts'
import { childKey } from '../../core/namespace/view.ts'
import { freshId } from '../../test/support/async-world.ts'
import { treeWorld, type TreeWorld } from '../../test/support/tree-world.ts'
import { SURVIVORS_SCAN_MAX } from './facts-query.ts'

let world: TreeWorld
beforeAll(async () => {
  world = await treeWorld()
})
afterAll(() => world?.drop())

const NOBODY = freshId<NodeId>()

/** `a/b/c` of folders, a file in the last. */
async function deepTree(): Promise<NodeState[]> {
  const nodes: NodeState[] = []
  for (const kind of ['folder', 'folder', 'folder', 'file'] as const)
    nodes.push(...(await world.put({ kind, parentId: nodes.at(-1)?.id ?? world.rootId, as: 'created' })))
  return nodes
}

describe('DESIGN 4: nodes come with every folder above', () => {
  test('a deep file brings its folders and the root, as they were written', async () => {
    const tree = await deepTree()
    const { nodes, purged } = await world.gather({ nodes: [tree[3]!.id, NOBODY] })
    expect([...nodes.keys()].toSorted()).toEqual([...tree.map(({ id }) => id), world.rootId, NOBODY].toSorted())
    for (const node of tree) expect(nodes.get(node.id)).toEqual(node)
    expect(nodes.get(NOBODY)).toBeNull()
    expect(purged).toEqual(new Set())
  })

  test('a trashed one is there, and has no name among its siblings; a purged one says so', async () => {
    const [a, b] = await deepTree()
    await world.put({ id: a!.id, trashedAt: world.clock.now, trashedBy: world.userId, as: 'trashed' })
    const child = { parent: world.rootId, key: a!.name }
    const trashed = await world.gather({ nodes: [b!.id], children: [child] })
    expect(trashed.nodes.get(a!.id)).toMatchObject({ trashedAt: world.clock.now, trashedBy: world.userId })
    expect(trashed.children.get(childKey(world.rootId, a!.name))).toBeNull()
    await world.put({ id: a!.id, as: 'purged', purge: true })
    expect((await world.gather({ nodes: [b!.id] })).purged).toEqual(new Set([a!.id]))
  })

  test('I7: two swap their names in one batch', async () => {
    const [x, y] = await world.put({ name: 'x' }, { name: 'y' })
    await world.put({ id: x!.id, name: 'y' }, { id: y!.id, name: 'x' })
    const { children } = await world.gather({ children: ['x', 'y'].map((key) => ({ parent: world.rootId, key })) })
    expect(children.get(childKey(world.rootId, 'x'))?.id).toBe(y!.id)
    expect(children.get(childKey(world.rootId, 'y'))?.id).toBe(x!.id)
  })

  test('P1-03: every attribute comes back as it was written', async () => {
    const [link] = await world.put({
      kind: 'symlink',
      linkTarget: '../ä b',
      mtimeNs: '1700000000123456789',
      executable: true,
      properties: { colour: 'red', 'a "b"': '' },
    })
    const [folder] = await world.put({ kind: 'folder', conflictPolicy: 'manual' })
    const { nodes, versions } = await world.gather({
      nodes: [link!.id, folder!.id],
      versions: [{ node: link!.id, revision: null }],
    })
    expect(nodes.get(link!.id)).toEqual(link)
    expect(nodes.get(folder!.id)).toEqual(folder)
    expect(versions.get(versionKey(link!.id, 1))).toMatchObject({ linkTarget: '../ä b', executable: true })
  })
})

describe('versions', () => {
  test('a named one, the present one, and one that is not there', async () => {
    const [file] = await world.put({})
    await world.put({ id: file!.id, contentRevision: 2, mtimeNs: '5' })
    const wanted = [1, 3, null].map((revision) => ({ node: file!.id, revision }))
    const { versions } = await world.gather({ versions: wanted })
    expect(versions.get(versionKey(file!.id, 1))).toMatchObject({ isDamaged: false, linkTarget: null, mtimeNs: null })
    expect(versions.get(versionKey(file!.id, 2))).toMatchObject({ mtimeNs: '5' })
    expect(versions.get(versionKey(file!.id, 3))).toBeNull()
  })
})

describe('DESIGN 4: subtrees', () => {
  test('each after its parent, with the content of its files, without what was trashed by itself', async () => {
    const [a, b, c, file] = await deepTree()
    const [gone] = await world.put({ kind: 'folder', parentId: b!.id })
    await world.put({ kind: 'file', parentId: gone!.id }, { id: gone!.id, trashedAt: 1 })
    const { subtrees } = await world.gather({ subtrees: [a!.id, file!.id, NOBODY] })
    const below = subtrees.get(a!.id)
    expect(below).toEqual([
      { node: b, content: null },
      { node: c, content: null },
      { node: file, content: expect.any(String) },
    ])
    expect(subtrees.get(file!.id)).toEqual([])
    expect(subtrees.get(NOBODY)).toEqual([])
  })

  test('as many as may be copied, and one more', async () => {
    const [folder] = await world.put({ kind: 'folder' })
    await world.put(
      ...Array.from({ length: COPY_MAX_NODES }, () => ({ kind: 'folder' as const, parentId: folder!.id })),
    )
    const full = await world.gather({ subtrees: [folder!.id] })
    expect(full.subtrees.get(folder!.id)).toHaveLength(COPY_MAX_NODES)
    await world.put({ parentId: folder!.id })
    expect((await world.gather({ subtrees: [folder!.id] })).subtrees.get(folder!.id)).toBe('too-many')
  })
})

describe('P4: what survives the delete of a folder', () => {
  const OTHER = freshId<SessionId>()

  async function survivors(folder: NodeState, seen: number): Promise<NodeId[] | 'too-many' | undefined> {
    const session = world.sessionId
    const facts = await world.gather({ survivors: [{ folder: folder.id, seen, session }] })
    const found = facts.survivors.get(survivorsKey(folder.id, seen, session))
    if (Array.isArray(found)) for (const id of found) expect(facts.nodes.get(id)?.parentId).toBeDefined()
    return found
  }

  test('nothing, when all was seen or is the deleter\u2019s own', async () => {
    const [a, b] = await deepTree()
    await world.put({ parentId: b!.id, by: OTHER })
    const seen = world.head()
    await world.put({ parentId: b!.id })
    expect(await survivors(a!, seen)).toEqual([])
  })

  test('what others wrote, made or brought since; a folder with all that is in it', async () => {
    const [a, b, c, file] = await deepTree()
    const [elsewhere] = await world.put({ name: 'elsewhere' })
    const seen = world.head()
    await world.put({ id: file!.id, contentRevision: 2, by: OTHER })
    const [made] = await world.put({ kind: 'folder', parentId: b!.id, by: OTHER })
    await world.put({ parentId: made!.id, by: OTHER }, { id: elsewhere!.id, parentId: c!.id, by: OTHER })
    expect(await survivors(a!, seen)).toEqual([file!.id, made!.id, elsewhere!.id].toSorted())
    expect(await survivors(c!, seen)).toEqual([file!.id, elsewhere!.id].toSorted())
    expect(await survivors(made!, world.head())).toEqual([])
  })

  test('not what others only renamed, stamped or threw away, nor what is elsewhere', async () => {
    const [a, b, c, file] = await deepTree()
    const seen = world.head()
    await world.put({ id: file!.id, mtimeNs: '7', by: OTHER }, { id: b!.id, name: 'renamed', by: OTHER })
    const [made] = await world.put({ parentId: c!.id, by: OTHER })
    await world.put({ id: made!.id, trashedAt: 1, by: OTHER }, { name: 'elsewhere too', by: OTHER })
    expect(await survivors(a!, seen)).toEqual([])
  })

  test('not what lies in a folder that was thrown away by itself', async () => {
    const [a, b, c] = await deepTree()
    const seen = world.head()
    await world.put({ parentId: c!.id, by: OTHER })
    await world.put({ id: c!.id, trashedAt: 1 })
    expect(await survivors(a!, seen)).toEqual([])
    expect(b).toBeDefined()
  })

  test('what another session wrote, although the deleter moved it since', async () => {
    const [a, b, , file] = await deepTree()
    const seen = world.head()
    await world.put({ id: file!.id, contentRevision: 2, by: OTHER })
    await world.put({ id: file!.id, parentId: b!.id })
    expect(await survivors(a!, seen)).toEqual([file!.id])
  })

  test('of several deletes of one look, each by its own place in the journal', async () => {
    const [a, b] = await deepTree()
    const [c, d] = await deepTree()
    const seen = world.head()
    const [early] = await world.put({ parentId: b!.id, by: OTHER })
    const between = world.head()
    const [late, other] = await world.put({ parentId: b!.id, by: OTHER }, { parentId: d!.id, by: OTHER })
    const session = world.sessionId
    const asked = [
      { folder: a!.id, seen, finds: [early!.id, late!.id] },
      { folder: a!.id, seen: between, finds: [late!.id] },
      { folder: b!.id, seen: between, finds: [late!.id] },
      { folder: c!.id, seen, finds: [other!.id] },
      { folder: c!.id, seen: world.head(), finds: [] },
    ]
    const { survivors: found } = await world.gather({
      survivors: asked.map(({ folder, seen }) => ({ folder, seen, session })),
    })
    for (const { folder, seen, finds } of asked)
      expect(found.get(survivorsKey(folder, seen, session))).toEqual(finds.toSorted())
  })

  test('too many, too long ago, or before the horizon', async () => {
    const [folder] = await world.put({ kind: 'folder' })
    const seen = world.head()
    const many = Array.from({ length: SURVIVORS_MAX }, () => ({ parentId: folder!.id, by: OTHER }))
    await world.put(...many)
    expect(await survivors(folder!, seen)).toHaveLength(SURVIVORS_MAX)
    await world.put({ parentId: folder!.id, by: OTHER })
    expect(await survivors(folder!, seen)).toBe('too-many')
    await world.owner`update tenant_head set seq = seq + ${SURVIVORS_SCAN_MAX}`
    expect(await survivors(folder!, world.head() - 1)).toBe('too-many')
    await world.owner`update tenant_head set seq = ${world.head()}, horizon = ${world.head() - 1}`
    expect(await survivors(folder!, world.head() - 2)).toBe('too-many')
    await world.owner`update tenant_head set horizon = 0`
  })
})

describe('conflicts', () => {
  test('with what was held, and the nodes of both sides', async () => {
    const [original, copy] = await deepTree().then((tree) => world.put({ parentId: tree[0]!.id }, {}))
    const [content] = await world.owner<{ id: MutationId }[]>`
      select content_ref as id from versions where node_id = ${copy!.id}`
    const id = freshId<MutationId>()
    const conflict = {
      id,
      original: original!.id,
      copy: copy!.id,
      baseRevision: 1,
      theirRevision: 2,
      mtimeNs: '9',
      executable: true,
      nodeKind: 'file',
    } as const
    await world.write((effects) => {
      effects.answers.push({
        mutationId: id,
        fingerprint: 'f',
        seq: original!.changedSeq,
        outcome: { outcome: 'applied', seq: original!.changedSeq, node: original!, notice: 'renamed' },
      })
      effects.conflicts.push({
        ...conflict,
        spaceId: world.spaceId,
        content: content!.id,
        userId: world.userId,
        device: 'd',
        seq: effects.seq,
        resolution: null,
      })
    })
    const { conflicts, nodes, priors } = await world.gather({ conflicts: [id], mutations: [id] })
    expect(nodes.get(original!.id)).toEqual(original)
    expect(nodes.get(original!.parentId!)).toMatchObject({ kind: 'folder' })
    expect(nodes.get(copy!.id)).toEqual(copy)
    expect(conflicts.get(id)).toMatchObject({
      original: original!.id,
      resolution: null,
      mine: { nodeKind: 'file', mtimeNs: '9', executable: true, content: content!.id, isDamaged: false },
    })
    expect(priors.get(id)?.outcome).toEqual({
      outcome: 'applied',
      seq: original!.changedSeq,
      node: original,
      notice: 'renamed',
    })
    await world.write((effects) => {
      const end = { id, by: world.userId, seq: effects.seq }
      effects.resolutions.push({ ...end, resolution: 'mine' })
    })
    expect((await world.gather({ conflicts: [id] })).conflicts.get(id)?.resolution).toBe('mine')
  })
})
