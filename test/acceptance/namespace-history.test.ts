import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { addAccount, inlineFile, signIn, type Account } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld } from '../support/refusals.ts'
import { makeFolder, namesIn, writeText } from './namespace-support.ts'

const world = refusalWorld()

const contentOf = async (who: Account, path: string): Promise<string> => (await who.call('GET', `${path}/content`)).body

describe('P1-05 versions', () => {
  test('listed newest first in pages, read, labelled, and restored as a new version', async () => {
    const { owner, parent } = world
    const name = `${randomUUID()}.txt`
    const { id } = await writeText(owner, parent, name, { text: 'one' })
    await writeText(owner, parent, name, { text: 'two', base: 1 })
    await writeText(owner, parent, name, { text: 'three', base: 2 })
    const page = await owner.call('GET', `/v1/files/${id}/versions?limit=2`)
    expect(page).toMatchObject({ status: 200, body: { node: { id, contentRevision: 3 }, next: 2 } })
    const rest = await owner.call('GET', `/v1/files/${id}/versions?limit=2&after=2`)
    expect(rest.body.next).toBeNull()
    const all = [...page.body.versions, ...rest.body.versions]
    expect(all).toMatchObject([
      { revision: 3, size: 5, baseRevision: 2, device: 'test device', createdBy: owner.userId, label: null },
      { revision: 2, size: 3, baseRevision: 1 },
      { revision: 1, size: 3, baseRevision: 0 },
    ])
    expect((await owner.call('GET', `/v1/files/${id}/content?revision=1`)).body).toBe('one')
    const labelled = await owner.call('PATCH', `/v1/files/${id}/versions/1`, { label: 'the first ✓' })
    expect(labelled).toMatchObject({ status: 200, body: { outcome: 'applied', node: { id } } })
    const back = await owner.call('POST', `/v1/files/${id}/versions/1/restore`, { base: 3 })
    expect(back.body).toMatchObject({ outcome: 'applied', node: { contentRevision: 4, size: 3 } })
    expect(await contentOf(owner, `/v1/files/${id}`)).toBe('one')
    const now = (await owner.call('GET', `/v1/files/${id}/versions`)).body.versions
    expect(now.map(({ revision, label }: { revision: number; label: string }) => [revision, label])).toEqual([
      [4, null],
      [3, null],
      [2, null],
      [1, 'the first ✓'],
    ])
    expectProblem(
      await owner.call('POST', `/v1/files/${id}/versions/2/restore`, { base: 3 }),
      'version-conflict',
      'base',
    )
    expect((await owner.call('PATCH', `/v1/files/${id}/versions/1`, { label: null })).status).toBe(200)
    expect((await owner.call('GET', `/v1/files/${id}/versions?after=2`)).body.versions[0].label).toBeNull()
  })

  test('LK-02 of a symlink: each with its target', async () => {
    const { owner, parent } = world
    const name = randomUUID()
    const { body } = await owner.call('POST', '/v1/symlinks', { parent, name, target: 'one' })
    await owner.call('POST', '/v1/symlinks', { parent, name, target: 'zwei ü', base: 1 })
    const { versions } = (await owner.call('GET', `/v1/files/${body.node.id}/versions`)).body
    expect(versions).toMatchObject([{ linkTarget: 'zwei ü' }, { linkTarget: 'one' }])
  })
})

/** Two devices of one person write the same file, both having seen the first version. */
async function clash(policy: string) {
  const { owner, parent, stack } = world
  const folder = await makeFolder(owner, parent)
  await owner.call('PATCH', `/v1/nodes/${folder.id}`, { conflictPolicy: policy })
  const original = await writeText(owner, folder.id, 'a.txt', { text: 'base' })
  await writeText(owner, folder.id, 'a.txt', { text: 'theirs', base: 1 })
  const phone = await signIn(stack.url, owner.email, owner.password, 'the phone')
  const write = inlineFile(folder.id, 'a.txt', 'mine', { base: 1 })
  const answer = await phone.call('POST', '/v1/files', write)
  return { owner, folder: folder.id, original: original.id, id: write.mutationId, result: answer.body.files[0].result }
}

const conflictIn = async (who: Account, id: string) => (await who.call('GET', `/v1/conflicts/${id}`)).body
const resolve = (who: Account, id: string, body: unknown) => who.call('POST', `/v1/conflicts/${id}/resolve`, body)

describe('P2-05 conflicts', () => {
  test('keep-both: a copy beside the original, and an object that tells both sides', async () => {
    const { owner, folder, original, id, result } = await clash('keep-both')
    expect(result).toMatchObject({ outcome: 'conflict', original })
    const path = [(await owner.call('GET', `/v1/files/${world.parent}`)).body.name]
    path.push((await owner.call('GET', `/v1/files/${folder}`)).body.name)
    const met = await conflictIn(owner, id)
    expect(met).toMatchObject({
      id,
      spaceId: owner.home.id,
      original: { id: original },
      copy: { id: result.node.id },
      path,
      baseRevision: 1,
      base: { size: 4, device: 'test device', userId: owner.userId },
      theirRevision: 2,
      theirs: { size: 6, device: 'test device' },
      mine: { size: 4, device: 'the phone', userId: owner.userId },
      resolution: null,
      resolvedAt: null,
      resolvedBy: null,
    })
    for (const at of [met.base.at, met.theirs.at, met.mine.at]) expect(at).toEqual(expect.any(Number))
    expect(await contentOf(owner, `/v1/conflicts/${id}`)).toBe('mine')
    const listed = await owner.call('GET', `/v1/conflicts?space=${owner.home.id}`)
    expect(listed.body.conflicts).toContainEqual(met)
    const ended = await resolve(owner, id, { choice: 'mine' })
    expect(ended).toMatchObject({
      status: 200,
      body: { outcome: 'applied', node: { id: original, contentRevision: 3 } },
    })
    expect(await contentOf(owner, `/v1/files/${original}`)).toBe('mine')
    expect(await namesIn(owner, folder)).toEqual(['a.txt'])
    expect(await conflictIn(owner, id)).toMatchObject({ resolution: 'mine', resolvedBy: owner.userId })
    const open = (await owner.call('GET', '/v1/conflicts?limit=1000')).body.conflicts
    expect(open.map((one: { id: string }) => one.id)).not.toContain(id)
    const all = (await owner.call('GET', '/v1/conflicts?limit=1000&state=all')).body.conflicts
    expect(all.map((one: { id: string }) => one.id)).toContain(id)
  })

  test('one whose copy was thrown away is open no more, and is again when the copy comes back', async () => {
    const { owner, id, result } = await clash('keep-both')
    const isListed = async (state: 'open' | 'all') => {
      const { body } = await owner.call('GET', `/v1/conflicts?limit=1000&state=${state}`)
      return body.conflicts.some((one: { id: string }) => one.id === id)
    }
    expect([await isListed('open'), await isListed('all')]).toEqual([true, true])
    await owner.call('DELETE', `/v1/nodes/${result.node.id}`)
    expect([await isListed('open'), await isListed('all')]).toEqual([false, true])
    await owner.call('POST', `/v1/nodes/${result.node.id}/restore`, {})
    expect([await isListed('open'), await isListed('all')]).toEqual([true, true])
  })

  test('newest-wins: a version like any other, and the conflict is told as ended', async () => {
    const { owner, folder, original, id, result } = await clash('newest-wins')
    expect(result).toMatchObject({ outcome: 'applied', node: { id: original, contentRevision: 3 } })
    expect(await contentOf(owner, `/v1/files/${original}`)).toBe('mine')
    expect((await owner.call('GET', `/v1/files/${original}/content?revision=2`)).body).toBe('theirs')
    expect(await conflictIn(owner, id)).toMatchObject({ copy: null, resolution: 'newest-wins' })
    expect(await namesIn(owner, folder)).toEqual(['a.txt'])
  })

  test('manual: the content stands nowhere but in the conflict until somebody chooses', async () => {
    const { owner, folder, original, id, result } = await clash('manual')
    expect(result).toMatchObject({ outcome: 'conflict', original, node: { id: original, contentRevision: 2 } })
    expect(await namesIn(owner, folder)).toEqual(['a.txt'])
    expect(await conflictIn(owner, id)).toMatchObject({ copy: null, resolution: null, mine: { size: 4 } })
    expect(await contentOf(owner, `/v1/conflicts/${id}`)).toBe('mine')
    const list = await owner.call('GET', `/v1/conflicts/${id}/content`, undefined, {
      accept: 'application/vnd.bitvault.content+json',
    })
    expect(list.body).toMatchObject({ node: { id: original }, revision: 0, size: 4 })
    expect((await resolve(owner, id, { choice: 'both' })).body).toMatchObject({ outcome: 'applied' })
    expect(await namesIn(owner, folder)).toHaveLength(2)
  })

  test('one end for all devices: the same choice again is no matter, another comes too late', async () => {
    const { owner, folder, original, id } = await clash('keep-both')
    const ends = await Promise.all([1, 2, 3].map(() => resolve(owner, id, { choice: 'theirs' })))
    expect(ends.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await contentOf(owner, `/v1/files/${original}`)).toBe('theirs')
    expect(await namesIn(owner, folder)).toEqual(['a.txt'])
    expectProblem(await resolve(owner, id, { choice: 'mine' }), 'version-conflict', 'choice')
  })

  test('T11 readers see a conflict and do not end it', async () => {
    const { owner, id } = await clash('keep-both')
    const { holdings, stack } = world
    const reader = await addAccount(stack, owner, `${randomUUID()}@example.com`)
    expectProblem(await reader.call('GET', `/v1/conflicts/${id}`), 'not-found', 'id')
    await holdings.db`insert into space_members (tenant_id, space_id, user_id, role) values (${owner.tenantId}, ${owner.home.id}, ${reader.userId}, 'reader')`
    await expect.poll(async () => (await reader.call('GET', `/v1/conflicts/${id}`)).status).toBe(200)
    expectProblem(await resolve(reader, id, { choice: 'mine' }), 'forbidden', 'id')
    expectProblem(await reader.call('PATCH', `/v1/spaces/${owner.home.id}`, { trashDays: 1 }), 'forbidden', 'id')
  })
})

test('P1-03 a space says how long it keeps its trash and versions; what is not told stays', async () => {
  const { owner } = world
  const set = async (body: unknown) => (await owner.call('PATCH', `/v1/spaces/${owner.home.id}`, body)).body
  const id = owner.home.id
  expect(await set({})).toEqual({ id, trashDays: 30, versionDays: null, versionCount: null })
  expect(await set({ trashDays: 7, versionCount: 10 })).toEqual({
    id,
    trashDays: 7,
    versionDays: null,
    versionCount: 10,
  })
  expect(await set({ versionDays: 90 })).toEqual({ id, trashDays: 7, versionDays: 90, versionCount: 10 })
  expect(await set({ versionCount: null })).toEqual({ id, trashDays: 7, versionDays: 90, versionCount: null })
})
