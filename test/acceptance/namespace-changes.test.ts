import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { signIn } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld } from '../support/refusals.ts'
import { headOf, makeFolder, namesIn, writeText } from './namespace-support.ts'

const world = refusalWorld()

describe('P1-02 moving and renaming', () => {
  test('a folder goes elsewhere with all that lies below, as one entry of the journal', async () => {
    const { owner, parent } = world
    const [from, to] = [await makeFolder(owner, parent), await makeFolder(owner, parent)]
    const below = await makeFolder(owner, from.id)
    const file = await writeText(owner, below.id, 'deep.txt')
    const seq = await headOf(owner)
    const moved = await owner.call('POST', `/v1/nodes/${from.id}/move`, { parent: to.id })
    expect(moved).toMatchObject({ status: 200, body: { outcome: 'applied', seq: seq + 1, node: { parentId: to.id } } })
    expect(moved.body.node.placementRevision).toBe(from.placementRevision + 1)
    expect(await headOf(owner)).toBe(seq + 1)
    const { body } = await owner.call('GET', `/v1/files/${file.id}`)
    expect(body).toEqual(file)
  })

  test('a rename keeps the folder, a move keeps the name, and neither is a conflict with an edit', async () => {
    const { owner, parent } = world
    const [home, away] = [await makeFolder(owner, parent), await makeFolder(owner, parent)]
    const file = await writeText(owner, home.id, 'a.txt')
    const renamed = await owner.call('POST', `/v1/nodes/${file.id}/move`, { name: 'b.txt' })
    expect(renamed.body.node).toMatchObject({ parentId: home.id, name: 'b.txt' })
    const edited = await owner.call('POST', `/v1/nodes/${file.id}/move`, { parent: away.id })
    expect(edited.body.node).toMatchObject({ parentId: away.id, name: 'b.txt', contentRevision: 1 })
    const written = await writeText(owner, away.id, 'b.txt', { text: 'two', base: 1 })
    expect(written).toMatchObject({ id: file.id, contentRevision: 2 })
  })

  test('renames and moves of one file at the same time all take effect: none puts it back', async () => {
    const { owner, parent } = world
    const [home, away] = [await makeFolder(owner, parent), await makeFolder(owner, parent)]
    const file = await writeText(owner, home.id, 'a.txt')
    const answers = await Promise.all([
      owner.call('POST', `/v1/nodes/${file.id}/move`, { name: 'b.txt' }),
      owner.call('POST', `/v1/nodes/${file.id}/move`, { parent: away.id }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect((await owner.call('GET', `/v1/files/${file.id}`)).body).toMatchObject({ parentId: away.id, name: 'b.txt' })
  })

  test('I11 a repeated move gives its first answer, also after the node went elsewhere and into the trash', async () => {
    const { owner, parent } = world
    const file = await writeText(owner, parent, `${randomUUID()}.txt`)
    const body = { mutationId: randomUUID(), name: `${randomUUID()}.txt` }
    const first = await owner.call('POST', `/v1/nodes/${file.id}/move`, body)
    await owner.call('POST', `/v1/nodes/${file.id}/move`, { name: randomUUID() })
    expect((await owner.call('POST', `/v1/nodes/${file.id}/move`, body)).body).toEqual(first.body)
    await owner.call('DELETE', `/v1/nodes/${file.id}`)
    expect((await owner.call('POST', `/v1/nodes/${file.id}/move`, body)).body).toEqual(first.body)
  })

  test('replace puts the one that was there into the trash, keep-both takes another name', async () => {
    const { owner, parent } = world
    const folder = await makeFolder(owner, parent)
    const [old, one, two] = [
      await writeText(owner, folder.id, 'a.txt', { text: 'old' }),
      await writeText(owner, folder.id, 'one', { text: 'one' }),
      await writeText(owner, folder.id, 'two', { text: 'two' }),
    ]
    const replaced = await owner.call('POST', `/v1/nodes/${one.id}/move`, { name: 'a.txt', ifExists: 'replace' })
    expect(replaced.body).toMatchObject({ outcome: 'applied', node: { id: one.id, name: 'a.txt' } })
    expectProblem(await owner.call('GET', `/v1/files/${old.id}`), 'in-trash')
    const beside = await owner.call('POST', `/v1/nodes/${two.id}/move`, { name: 'a.txt', ifExists: 'keep-both' })
    expect(beside.body).toMatchObject({ outcome: 'conflict', node: { id: two.id }, original: one.id })
    expect(await namesIn(owner, folder.id)).toHaveLength(2)
  })
})

describe('P1-02 copying', () => {
  test('a folder with all that lies below: new nodes, the same contents, no bytes', async () => {
    const { owner, parent, holdings } = world
    const from = await makeFolder(owner, parent)
    const below = await makeFolder(owner, from.id, 'below')
    await writeText(owner, below.id, 'deep.txt', { text: 'deep' })
    const before = await holdings.look()
    const copied = await owner.call('POST', `/v1/nodes/${from.id}/copy`, { parent, name: `copy of ${from.name}` })
    expect(copied).toMatchObject({ status: 201, body: { outcome: 'applied', node: { name: `copy of ${from.name}` } } })
    const path = `/v1/resolve?path=${encodeURIComponent(`home/the folder/copy of ${from.name}/below/deep.txt`)}`
    const { node } = (await owner.call('GET', path)).body
    expect((await owner.call('GET', `/v1/files/${node.id}/content`)).body).toBe('deep')
    const after = await holdings.look()
    expect(after.objects).toEqual(before.objects)
    expect(after.rows['contents']).toBe(before.rows['contents'])
  })

  test('a file keeps its name in another folder; an older version is copied too', async () => {
    const { owner, parent } = world
    const [from, to] = [await makeFolder(owner, parent), await makeFolder(owner, parent)]
    const file = await writeText(owner, from.id, 'a.txt', { text: 'one' })
    await writeText(owner, from.id, 'a.txt', { text: 'two', base: 1 })
    const copied = await owner.call('POST', `/v1/nodes/${file.id}/copy`, { parent: to.id, revision: 1 })
    expect(copied.body.node).toMatchObject({ name: 'a.txt', parentId: to.id, contentRevision: 1, sha256: file.sha256 })
  })
})

describe('P1-03 the trash', () => {
  test('a folder goes as a unit, is nowhere, is listed with its place, and comes back as it was', async () => {
    const { owner, parent } = world
    const folder = await makeFolder(owner, parent)
    const file = await writeText(owner, folder.id, 'a.txt')
    const seq = await headOf(owner)
    const gone = await owner.call('DELETE', `/v1/nodes/${folder.id}`)
    expect(gone).toMatchObject({ status: 200, body: { outcome: 'applied', seq: seq + 1, node: { id: folder.id } } })
    expect(gone.body.node.trashedAt).toEqual(expect.any(Number))
    for (const id of [folder.id, file.id]) {
      const answer = await owner.call('GET', `/v1/files/${id}`)
      expectProblem(answer, 'in-trash')
      expect(answer.body.trashed).toBe(folder.id)
    }
    expectProblem(await owner.call('GET', `/v1/files/${file.id}/content`), 'in-trash')
    expectProblem(await owner.call('GET', `/v1/folders/${folder.id}/children`), 'in-trash')
    expect(await namesIn(owner, parent)).not.toContain(folder.name)
    const listed = await owner.call('GET', `/v1/trash?space=${owner.home.id}&limit=1`)
    expect(listed.body.items).toEqual([{ node: gone.body.node, path: ['the folder'] }])
    expect(listed.body.next).toEqual(expect.any(String))
    const back = await owner.call('POST', `/v1/nodes/${folder.id}/restore`, {})
    expect(back.body).toMatchObject({ outcome: 'applied', seq: seq + 2, node: { parentId: parent, trashedAt: null } })
    expect((await owner.call('GET', `/v1/files/${file.id}`)).body).toEqual(file)
  })

  test('the pages of the trash hold everything once, the newest first', async () => {
    const { owner, parent } = world
    const gone: string[] = []
    for (const name of ['1', '2', '3', '4', '5']) {
      const { id } = await writeText(owner, parent, `${randomUUID()}-${name}`)
      await owner.call('DELETE', `/v1/nodes/${id}`)
      gone.push(id)
    }
    const seen: string[] = []
    for (let after = ''; ;) {
      const { body } = await owner.call('GET', `/v1/trash?limit=2${after}`)
      seen.push(...body.items.map(({ node }: { node: { id: string } }) => node.id))
      if (body.next === null) break
      after = `&after=${body.next}`
    }
    expect(seen.slice(0, 5).toSorted()).toEqual(gone.toSorted())
    expect(new Set(seen).size).toBe(seen.length)
  })

  test('what was in a folder that is no more comes to the nearest one that lives, with a notice', async () => {
    const { owner, parent } = world
    const folder = await makeFolder(owner, parent)
    const file = await writeText(owner, folder.id, `${randomUUID()}.txt`)
    await owner.call('DELETE', `/v1/nodes/${file.id}`)
    await owner.call('DELETE', `/v1/nodes/${folder.id}`)
    const back = await owner.call('POST', `/v1/nodes/${file.id}/restore`, {})
    expect(back.body).toMatchObject({ outcome: 'applied', notice: 'parent-gone', node: { parentId: parent } })
  })

  test('restored to another place and name; purged it is gone for good', async () => {
    const { owner, parent } = world
    const [folder, file] = [await makeFolder(owner, parent), await writeText(owner, parent, `${randomUUID()}.txt`)]
    await owner.call('DELETE', `/v1/nodes/${file.id}`)
    const back = await owner.call('POST', `/v1/nodes/${file.id}/restore`, { parent: folder.id, name: 'b.txt' })
    expect(back.body.node).toMatchObject({ parentId: folder.id, name: 'b.txt', trashedAt: null })
    await owner.call('DELETE', `/v1/nodes/${file.id}`)
    expect((await owner.call('POST', `/v1/nodes/${file.id}/purge`, {})).status).toBe(200)
    expectProblem(await owner.call('GET', `/v1/files/${file.id}`), 'not-found', 'id')
    expectProblem(await owner.call('POST', `/v1/nodes/${file.id}/restore`, {}), 'not-found', 'id')
  })

  test('P4 what came below a folder that its deleter had not seen survives', async () => {
    const { owner, parent } = world
    const folder = await makeFolder(owner, parent)
    await writeText(owner, folder.id, 'old.txt')
    const seen = await headOf(owner)
    const phone = await signIn(world.stack.url, owner.email, owner.password)
    const late = await writeText(phone, folder.id, 'late.txt')
    const gone = await owner.call('DELETE', `/v1/nodes/${folder.id}?seen=${seen}`)
    expect(gone.body).toMatchObject({ outcome: 'conflict', original: folder.id })
    const living = gone.body.node.id as string
    expect(await namesIn(owner, living)).toEqual(['late.txt'])
    expect((await owner.call('GET', `/v1/files/${late.id}`)).body).toMatchObject({ parentId: living })
  })
})

describe('P1-04 attributes and symlinks', () => {
  test('time to the nanosecond, the executable bit and properties, each by itself', async () => {
    const { owner, parent } = world
    const file = await writeText(owner, parent, `${randomUUID()}.sh`)
    const set = (body: unknown) => owner.call('PATCH', `/v1/nodes/${file.id}`, body)
    expect((await set({ mtimeNs: '1700000000123456789' })).body.node.mtimeNs).toBe('1700000000123456789')
    expect((await set({ executable: true })).body.node).toMatchObject({
      executable: true,
      mtimeNs: '1700000000123456789',
      contentRevision: 1,
    })
    expect((await set({ properties: { colour: 'red', ünï: '✓' } })).body.node.properties).toEqual({
      colour: 'red',
      ünï: '✓',
    })
    expect((await set({ properties: { colour: null } })).body.node.properties).toEqual({ ünï: '✓' })
    expect((await owner.call('GET', `/v1/files/${file.id}`)).body).toMatchObject({ executable: true })
  })

  test('LK-02 a symlink keeps its target as it was given, and is never followed', async () => {
    const { owner, parent } = world
    const name = randomUUID()
    const made = await owner.call('POST', '/v1/symlinks', { parent, name, target: '../../etc/passwd' })
    expect(made).toMatchObject({ status: 201, body: { node: { kind: 'symlink', linkTarget: '../../etc/passwd' } } })
    const { id } = made.body.node
    expect((await owner.call('GET', `/v1/files/${id}/content`)).body).toBe('../../etc/passwd')
    const again = await owner.call('POST', '/v1/symlinks', { parent, name, target: 'elsewhere é', base: 1 })
    expect(again.body.node).toMatchObject({ id, linkTarget: 'elsewhere é', contentRevision: 2 })
  })
})

describe('RFC 9110, section 13.1: If-Match', () => {
  const changes: [what: string, method: string, path: (id: string) => string, body?: unknown][] = [
    ['a move', 'POST', (id) => `/v1/nodes/${id}/move`, { name: 'moved under a condition' }],
    ['attributes', 'PATCH', (id) => `/v1/nodes/${id}`, { executable: true }],
    ['a delete', 'DELETE', (id) => `/v1/nodes/${id}`],
  ]
  test.each(changes)(
    '%s is refused when the node has changed, made when it has not, and answered again',
    async (...row) => {
      const [, method, path, body] = row
      const { owner, parent } = world
      const folder = await makeFolder(owner, parent)
      const { id } = await writeText(owner, folder.id, `${randomUUID()}.txt`)
      const key = { 'idempotency-key': randomUUID() }
      const stale = await owner.call(method, path(id), body, { 'if-match': '"7.7"' })
      expectProblem(stale, 'precondition-failed', 'If-Match')
      const done = await owner.call(method, path(id), body, { 'if-match': '"1.1"', ...key })
      expect(done.status).toBe(200)
      expect((await owner.call(method, path(id), body, { 'if-match': '"1.1"', ...key })).body).toEqual(done.body)
    },
  )
})
