import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ErrorCode } from '../../core/errors.ts'
import type { Stack } from '../../embedded/stack.ts'
import { addAccount, firstAccount, type Account, type Answer } from './account.ts'
import { openHoldings } from './holdings.ts'
import { otherTenant } from './other-tenant.ts'
import { expectProblem } from './problem.ts'
import { testStack } from './stack.ts'

/** Two members of one tenant and the owner of another. `parent`: a folder of the first, with the file `taken.txt` in it. */
export type RefusalWorld = {
  stack: Stack
  owner: Account
  member: Account
  stranger: Account
  parent: string
  taken: { id: string }
  holdings: Awaited<ReturnType<typeof openHoldings>>
}

/** A request that is refused whole, and with what. */
export type Refusal = {
  title: string
  code: ErrorCode
  field?: string
  send: (world: RefusalWorld) => Promise<Answer>
}

/** For the top of a test file: one stack for all of its tests. */
export function refusalWorld(): RefusalWorld {
  const world = {} as RefusalWorld
  beforeAll(async () => {
    const stack = await testStack({ onWorkerLog: ({ text }) => void (process.env['DEBUG_LOG'] && console.log(text)) })
    const owner = await firstAccount(stack)
    const member = await addAccount(stack, owner, 'member@example.com')
    const stranger = await otherTenant(stack, 'stranger@example.net')
    const folder = await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name: 'the folder' })
    const parent = folder.body.node.id as string
    const file = { parent, name: 'taken.txt' }
    const made = await owner.call('POST', '/v1/files', {
      target: file,
      size: 0,
      sha256: EMPTY,
      content: { inline: '' },
    })
    const taken = { id: made.body.files[0].result.node.id as string }
    Object.assign(world, { stack, owner, member, stranger, parent, taken, holdings: await openHoldings(stack) })
  })
  afterAll(async () => {
    await world.holdings?.close()
    await world.stack?.stop()
  })
  return world
}

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** One test each: the right problem, and nothing half done. */
export function testRefusals(world: RefusalWorld, refusals: readonly Refusal[]): void {
  for (const { title, code, field, send } of refusals) {
    test(`${title} → ${code}${field === undefined ? '' : ` at ${field}`}`, async () => {
      const before = await world.holdings.look()
      expectProblem(await send(world), code, field)
      expect(await world.holdings.look()).toEqual(before)
    })
  }
}
