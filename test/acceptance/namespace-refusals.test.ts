import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../core/errors.ts'
import { inlineFile } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld, testRefusals, type Refusal, type RefusalWorld } from '../support/refusals.ts'
import { makeFolder, writeText } from './namespace-support.ts'

const world = refusalWorld()

/** A change that is refused: made of things that are there before it is counted what is there. */
type Case = [title: string, code: ErrorCode, field: string | undefined, ask: Refusal['send']]
const refusals = (cases: Case[]): Refusal[] =>
  cases.map(([title, code, field, send]) => ({ title, code, ...(field === undefined ? {} : { field }), send }))

const moveTo = (id: string, body: unknown) => (w: RefusalWorld) => w.owner.call('POST', `/v1/nodes/${id}/move`, body)
const unknown = randomUUID()

describe('HR-2 a change that cannot be', () => {
  testRefusals(
    world,
    refusals([
      [
        'P1-02 a move of a folder into itself',
        'would-cycle',
        'parent',
        (w) => moveTo(w.parent, { parent: w.parent })(w),
      ],
      ['P1-02 a move into a file', 'not-a-folder', 'parent', (w) => moveTo(w.parent, { parent: w.taken.id })(w)],
      [
        'P1-02 a move onto a name that is taken',
        'name-taken',
        'name',
        (w) => moveTo(w.taken.id, { parent: w.owner.home.rootId, name: 'the folder' })(w),
      ],
      ['P1-02 a move of what is not there', 'not-found', 'id', moveTo(unknown, { name: 'x' })],
      [
        'P1-02 a move to a folder that is not there',
        'not-found',
        'parent',
        (w) => moveTo(w.taken.id, { parent: unknown })(w),
      ],
      [
        'T10 a move into another tenant',
        'not-found',
        'parent',
        (w) => moveTo(w.taken.id, { parent: w.stranger.home.rootId })(w),
      ],
      [
        'T11 a move into a space of another member',
        'not-found',
        'parent',
        (w) => moveTo(w.taken.id, { parent: w.member.home.rootId })(w),
      ],
      ['P1-02 a move of the root of a space', 'forbidden', 'id', (w) => moveTo(w.owner.home.rootId, { name: 'x' })(w)],
      ['P1-02 a move to nowhere', 'invalid-request', 'parent', (w) => moveTo(w.taken.id, {})(w)],
      ['P1-02 a stale move', 'version-conflict', 'base', (w) => moveTo(w.taken.id, { name: 'x', base: 9 })(w)],
      [
        'HR-5 a base that no placement has',
        'invalid-request',
        'base',
        (w) => moveTo(w.taken.id, { name: 'x', base: 0 })(w),
      ],
      [
        'HR-5 a member that is not known',
        'invalid-request',
        'to',
        (w) => moveTo(w.taken.id, { name: 'x', to: 'y' })(w),
      ],
      ['HR-3 a move to no name', 'name-invalid', 'name', (w) => moveTo(w.taken.id, { name: '' })(w)],
      ['HR-3 a move up the path', 'name-invalid', 'name', (w) => moveTo(w.taken.id, { name: '../x' })(w)],
      ['HR-3 a move to half a character', 'name-invalid', 'name', (w) => moveTo(w.taken.id, { name: 'a\ud800' })(w)],
      [
        'P1-02 a copy of a folder into itself',
        'would-cycle',
        'parent',
        (w) => w.owner.call('POST', `/v1/nodes/${w.parent}/copy`, { parent: w.parent, name: 'x' }),
      ],
      [
        'P1-02 a copy of a version that never was',
        'not-found',
        'revision',
        (w) => w.owner.call('POST', `/v1/nodes/${w.taken.id}/copy`, { parent: w.parent, name: 'x', revision: 7 }),
      ],
      [
        'P1-02 a copy without a place',
        'invalid-request',
        'parent',
        (w) => w.owner.call('POST', `/v1/nodes/${w.taken.id}/copy`, {}),
      ],
      [
        'HR-3 a copy to a bad name',
        'name-invalid',
        'name',
        (w) => w.owner.call('POST', `/v1/nodes/${w.taken.id}/copy`, { parent: w.parent, name: 'a/b' }),
      ],
      [
        'P1-03 a delete of the root of a space',
        'forbidden',
        'id',
        (w) => w.owner.call('DELETE', `/v1/nodes/${w.owner.home.rootId}`),
      ],
      [
        'P1-03 a stale delete',
        'version-conflict',
        'base',
        (w) => w.owner.call('DELETE', `/v1/nodes/${w.taken.id}?base=0`),
      ],
      [
        'HR-5 a seen that is no seq',
        'invalid-request',
        'seen',
        (w) => w.owner.call('DELETE', `/v1/nodes/${w.parent}?seen=x`),
      ],
      [
        'P1-03 a purge of what is not in the trash',
        'version-conflict',
        'id',
        (w) => w.owner.call('POST', `/v1/nodes/${w.taken.id}/purge`, {}),
      ],
      [
        'P1-04 an executable folder',
        'not-a-file',
        'executable',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.parent}`, { executable: true }),
      ],
      [
        'P1-04 a conflict policy of a file',
        'not-a-folder',
        'conflictPolicy',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { conflictPolicy: 'manual' }),
      ],
      [
        'HR-5 a conflict policy that there is not',
        'invalid-request',
        'conflictPolicy',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.parent}`, { conflictPolicy: 'mine-wins' }),
      ],
      [
        'HR-5 a time that is no number',
        'invalid-request',
        'mtimeNs',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { mtimeNs: '1e9' }),
      ],
      [
        'HR-5 a time in a second spelling',
        'invalid-request',
        'mtimeNs',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { mtimeNs: '007' }),
      ],
      [
        'HR-5 a time before nothing',
        'invalid-request',
        'mtimeNs',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { mtimeNs: '-0' }),
      ],
      [
        'HR-5 a property that no object can hold',
        'invalid-request',
        'properties/__proto__',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { properties: { a: 'b', ['__proto__']: 'x' } }),
      ],
      [
        'HR-5 a property with NUL',
        'invalid-request',
        'properties/a',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { properties: { a: 'x\0y' } }),
      ],
      [
        'HR-5 a property with half a character',
        'invalid-request',
        'properties/a',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { properties: { a: '\ud800' } }),
      ],
      [
        'HR-5 a property of more than 1 KiB',
        'invalid-request',
        'properties',
        (w) => w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, { properties: { a: 'é'.repeat(600) } }),
      ],
      [
        'HR-5 65 properties',
        'invalid-request',
        'properties',
        (w) =>
          w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, {
            properties: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 'v'])),
          }),
      ],
      [
        'HR-5 properties of more than 16 KiB together',
        'invalid-request',
        'properties',
        (w) =>
          w.owner.call('PATCH', `/v1/nodes/${w.taken.id}`, {
            properties: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'.repeat(1_000)])),
          }),
      ],
      [
        'LK-02 a symlink to nowhere',
        'invalid-request',
        'target',
        (w) => w.owner.call('POST', '/v1/symlinks', { parent: w.parent, name: 'link', target: '' }),
      ],
      [
        'LK-02 a symlink with NUL in it',
        'invalid-request',
        'target',
        (w) => w.owner.call('POST', '/v1/symlinks', { parent: w.parent, name: 'link', target: 'a\0b' }),
      ],
      [
        'LK-02 a symlink of more than 4,096 bytes',
        'invalid-request',
        'target',
        (w) => w.owner.call('POST', '/v1/symlinks', { parent: w.parent, name: 'link', target: 'é'.repeat(2_049) }),
      ],
      [
        'HR-3 a symlink of a bad name',
        'name-invalid',
        'name',
        (w) => w.owner.call('POST', '/v1/symlinks', { parent: w.parent, name: '..', target: 'a' }),
      ],
      [
        'HR-10 an id that is no id',
        'invalid-request',
        'mutationId',
        (w) => moveTo(w.taken.id, { name: 'x', mutationId: 'x' })(w),
      ],
    ]),
  )
})

describe('P1-05 versions, conflicts and settings that cannot be', () => {
  testRefusals(
    world,
    refusals([
      ['versions of a folder', 'not-a-file', 'id', (w) => w.owner.call('GET', `/v1/files/${w.parent}/versions`)],
      [
        'a label for a version that never was',
        'not-found',
        'revision',
        (w) => w.owner.call('PATCH', `/v1/files/${w.taken.id}/versions/9`, { label: 'x' }),
      ],
      [
        'a version that is no number',
        'not-found',
        'revision',
        (w) => w.owner.call('POST', `/v1/files/${w.taken.id}/versions/0/restore`, {}),
      ],
      [
        'a version that is far too large a number',
        'not-found',
        'revision',
        (w) => w.owner.call('POST', `/v1/files/${w.taken.id}/versions/99999999999/restore`, {}),
      ],
      [
        'a label of NUL',
        'invalid-request',
        'label',
        (w) => w.owner.call('PATCH', `/v1/files/${w.taken.id}/versions/1`, { label: '\0' }),
      ],
      ['a conflict that is not there', 'not-found', 'id', (w) => w.owner.call('GET', `/v1/conflicts/${unknown}`)],
      [
        'an end of a conflict that is not there',
        'not-found',
        'id',
        (w) => w.owner.call('POST', `/v1/conflicts/${unknown}/resolve`, { choice: 'mine' }),
      ],
      [
        'a choice that there is not',
        'invalid-request',
        'choice',
        (w) => w.owner.call('POST', `/v1/conflicts/${unknown}/resolve`, { choice: 'yours' }),
      ],
      [
        'a page of conflicts after nothing',
        'invalid-request',
        'after',
        (w) => w.owner.call('GET', '/v1/conflicts?after=x'),
      ],
      [
        'a page of the trash after nothing',
        'invalid-request',
        'after',
        (w) => w.owner.call('GET', '/v1/trash?after=x.y'),
      ],
      ['a page of the trash of 0', 'invalid-request', 'limit', (w) => w.owner.call('GET', '/v1/trash?limit=0')],
      [
        'trash that is kept for no day',
        'invalid-request',
        'trashDays',
        (w) => w.owner.call('PATCH', `/v1/spaces/${w.owner.home.id}`, { trashDays: 0 }),
      ],
      [
        'settings of a space of another member',
        'not-found',
        'id',
        (w) => w.owner.call('PATCH', `/v1/spaces/${w.member.home.id}`, { trashDays: 1 }),
      ],
    ]),
  )
})

test('P1-02 a folder does not go below itself, however deep', async () => {
  const { owner, parent, holdings } = world
  const top = await makeFolder(owner, parent)
  let deep = top
  for (let depth = 0; depth < 20; depth++) deep = await makeFolder(owner, deep.id)
  const before = await holdings.look()
  expectProblem(await owner.call('POST', `/v1/nodes/${top.id}/move`, { parent: deep.id }), 'would-cycle', 'parent')
  expectProblem(await owner.call('POST', `/v1/nodes/${top.id}/copy`, { parent: deep.id }), 'would-cycle', 'parent')
  expect(await holdings.look()).toEqual(before)
})

test('P1-02 two moves that would tie a knot together: one is made, the other would be the cycle', async () => {
  const { owner, parent } = world
  const [a, b] = [await makeFolder(owner, parent), await makeFolder(owner, parent)]
  const answers = await Promise.all([
    owner.call('POST', `/v1/nodes/${a.id}/move`, { parent: b.id }),
    owner.call('POST', `/v1/nodes/${b.id}/move`, { parent: a.id }),
  ])
  const refused = answers.filter(({ status }) => status !== 200)
  expect(refused).toHaveLength(1)
  expectProblem(refused[0]!, 'would-cycle', 'parent')
})

test('P1-03 nothing of what lies in the trash changes but by a restore or a purge', async () => {
  const { owner, parent, holdings } = world
  const folder = await makeFolder(owner, parent)
  const file = await writeText(owner, folder.id, 'a.txt')
  await owner.call('DELETE', `/v1/nodes/${folder.id}`)
  const before = await holdings.look()
  const answers = [
    await owner.call('POST', `/v1/nodes/${file.id}/move`, { name: 'b.txt' }),
    await owner.call('POST', `/v1/nodes/${file.id}/copy`, { parent, name: randomUUID() }),
    await owner.call('PATCH', `/v1/nodes/${file.id}`, { executable: true }),
    await owner.call('PATCH', `/v1/files/${file.id}/versions/1`, { label: 'kept' }),
    await owner.call('POST', '/v1/folders', { parent: folder.id, name: 'new' }),
    await owner.call('POST', '/v1/files', inlineFile(folder.id, 'new.txt', 'x')),
    await owner.call('POST', '/v1/symlinks', { parent: folder.id, name: 'link', target: 'x' }),
  ]
  for (const answer of answers) {
    expectProblem(answer, 'in-trash')
    expect(answer.body.trashed).toBe(folder.id)
  }
  // It is where it should go: nothing is left to do.
  expect((await owner.call('DELETE', `/v1/nodes/${file.id}`)).body).toMatchObject({ outcome: 'applied' })
  const after = await holdings.look()
  expect({ ...after, rows: { ...after.rows, mutations: 0 } }).toEqual({
    ...before,
    rows: { ...before.rows, mutations: 0 },
  })
})

test('HR-10 one mutation id for two changes, of whatever kinds', async () => {
  const { owner, parent, holdings } = world
  const file = await writeText(owner, parent, `${randomUUID()}.txt`)
  const mutationId = randomUUID()
  const first = { mutationId, name: `${randomUUID()}.txt` }
  expect((await owner.call('POST', `/v1/nodes/${file.id}/move`, first)).status).toBe(200)
  const before = await holdings.look()
  const others = [
    await owner.call('POST', `/v1/nodes/${file.id}/move`, { ...first, ifExists: 'replace' }),
    await owner.call('POST', `/v1/nodes/${file.id}/copy`, { ...first, parent }),
    await owner.call('DELETE', `/v1/nodes/${file.id}?mutationId=${mutationId}`),
    await owner.call('PATCH', `/v1/nodes/${file.id}`, { mutationId, executable: true }),
    await owner.call('POST', '/v1/symlinks', { mutationId, parent, name: randomUUID(), target: 'x' }),
  ]
  for (const answer of others) expectProblem(answer, 'mutation-reused', 'mutationId')
  expect(await holdings.look()).toEqual(before)
})
