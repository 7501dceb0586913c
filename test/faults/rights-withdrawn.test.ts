import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import { id, push, type Entry } from '../acceptance/push-support.ts'
import { makeFolder, namesIn, writeText } from '../acceptance/namespace-support.ts'
import { type Account, addAccount, type Answer, firstAccount, signIn } from '../support/account.ts'
import { type FaultController, startFaultController } from '../support/fault-controller.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'
import { makeTeamSpace } from '../support/team-space.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'

/** Rights that end between two transactions of one push: the copies of folders in it want one each. */
let faults: FaultController
let stack: Stack
let inspector: Inspector
let owner: Account
let writer: Account
let space: { id: string; rootId: string }

beforeAll(async () => {
  faults = await startFaultController()
  stack = await testStack({ faults: faults.url, env: NO_GRACE })
  inspector = inspect(stack)
  owner = await firstAccount(stack)
  writer = await addAccount(stack, owner, 'writer@example.com')
  space = await makeTeamSpace(stack, [owner, writer])
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
  await faults?.close()
})

/** A folder of two files, and where it is copied to. */
let [full, into] = ['', '']
beforeEach(async () => {
  full = (await makeFolder(owner, space.rootId)).id
  into = (await makeFolder(owner, space.rootId)).id
  for (const name of ['a', 'b']) await writeText(owner, full, name)
})

const newFolder = (parent: string, name: string): Entry => ({ ...id(), kind: 'create-folder', parent, name })
const copy = (name: string): Entry => ({ ...id(), kind: 'copy', node: full, to: { parent: into, name } })

/** Pushes, and lets something happen before the third transaction of it. */
async function meanwhile(who: Account, entries: Entry[], happen: () => Promise<unknown>): Promise<Answer> {
  const hold = faults.hold('commit.before-facts', 3)
  const answer = push(who, entries)
  await hold.arrived
  await happen()
  hold.release()
  return answer
}

async function expectSound(): Promise<void> {
  await inspector.drained(() => fetch(`${stack.url}/healthz`))
  expect(await inspector.forks()).toEqual([])
  expect(await inspector.audit()).toMatchObject({ clean: true })
}

test('PU-13 JR-2 JR-3 a role that is withdrawn in the middle of a push: what was decided stays, the rest is refused, the own space is unharmed', async () => {
  const own = randomUUID()
  const entries = [
    newFolder(into, 'one'),
    copy('two'),
    copy('three'),
    newFolder(into, 'four'),
    newFolder(writer.home.rootId, own),
  ]
  const { status, body } = await meanwhile(
    writer,
    entries,
    () => inspector.owner`delete from space_members where space_id = ${space.id} and user_id = ${writer.userId}`,
  )
  expect(status).toBe(200)
  expect(body.results).toMatchObject([
    { outcome: 'applied' },
    { outcome: 'applied' },
    { outcome: 'rejected', problem: { code: 'not-found', field: 'mutations/2/node' } },
    { outcome: 'rejected', problem: { code: 'not-found', field: 'mutations/3/parent' } },
    { outcome: 'applied' },
  ])
  expect(await namesIn(owner, into)).toEqual(['one', 'two'])
  expect(await namesIn(owner, body.results[1].node.id)).toEqual(['a', 'b'])
  expect(await namesIn(writer, writer.home.rootId)).toContain(own)
  await inspector.owner`insert into space_members (tenant_id, space_id, user_id, role)
    values (${owner.tenantId}, ${space.id}, ${writer.userId}, 'writer')`
  const again = (await push(writer, entries)).body.results
  expect([again[0], again[1], again[4]]).toEqual([body.results[0], body.results[1], body.results[4]])
  expect(again).toMatchObject(entries.map(() => ({ outcome: 'applied' })))
  expect(await namesIn(owner, into)).toEqual(['four', 'one', 'three', 'two'])
  await expectSound()
})

test('PU-13 I11 a session that ends in the middle of a push: the request is refused; sent by the next session it goes on where it was', async () => {
  const phone = await signIn(stack.url, writer.email, writer.password)
  const entries = [newFolder(into, 'one'), copy('two'), copy('three'), newFolder(into, 'four')]
  const answer = await meanwhile(phone, entries, () => phone.call('POST', '/v1/auth/revoke'))
  expectProblem(answer, 'session-revoked')
  expect(await namesIn(owner, into)).toEqual(['one', 'two'])
  const { body } = await push(await signIn(stack.url, writer.email, writer.password), entries)
  expect(body.results).toMatchObject(entries.map(() => ({ outcome: 'applied' })))
  expect(await namesIn(owner, into)).toEqual(['four', 'one', 'three', 'two'])
  for (const at of [1, 2]) expect(await namesIn(owner, body.results[at].node.id)).toEqual(['a', 'b'])
  await expectSound()
})
