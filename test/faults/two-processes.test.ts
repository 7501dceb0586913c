import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stack } from '../../embedded/stack.ts'
import { type Account, type Answer, firstAccount, inlineFile, send } from '../support/account.ts'
import { type FaultController, startFaultController } from '../support/fault-controller.ts'
import { testStack } from '../support/stack.ts'
import { seededDice } from './dice.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'
import { commit, planMixedUpload, stage } from './mixed-upload.ts'
import { patientClient } from './patient-client.ts'
import { until } from './until.ts'

/**
 * Plain workerd does not keep two processes from having the same object, so nothing but Postgres keeps them from forking a
 * journal: the lease and the fence. Here both get the same tenant's changes at once.
 */
let faults: FaultController
let stack: Stack
let inspector: Inspector
let owner: Account
/** The account's requests, to one process and to the other. */
let calls: [Account['call'], Account['call']]

beforeAll(async () => {
  faults = await startFaultController()
  stack = await testStack({ faults: faults.url, env: NO_GRACE })
  const second = await stack.addWorker()
  inspector = inspect(stack)
  owner = await firstAccount(stack)
  const authorization = `Bearer ${owner.token}`
  const at =
    (url: string): Account['call'] =>
    (method, path, body, headers) =>
      send(url, method, path, body, { authorization, ...headers })
  calls = [at(stack.url), at(second.url)]
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
  await faults?.close()
})

type Request = { path: string; body: { mutationId?: string } & Record<string, unknown> }
type Sent = { request: Request; answers: Answer[] }

const NAMES = Array.from({ length: 12 }, (_, i) => `shared ${i}`)
const CLIENTS = 8
const REQUESTS_EACH = 40

/** A change that others make too: the same names, with bases that are often stale, and folders that may be there. */
function randomRequest(parent: string, dice: () => number): Request {
  const name = NAMES[Math.floor(dice() * NAMES.length)]!
  const mutationId = randomUUID()
  if (dice() < 0.3)
    return { path: '/v1/folders', body: { mutationId, parent, name: `folder ${name}`, ifExists: 'keep' } }
  const base = Math.floor(dice() * 4)
  return { path: '/v1/files', body: inlineFile(parent, name, `${mutationId} ${'x'.repeat(dice() * 500)}`, { base }) }
}

async function newFolder(): Promise<string> {
  const made = await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name: randomUUID() })
  return made.body.node.id
}

const said = ({ status, body }: Answer) => ({ status, body })

/** Every request again, some at a time: each answer as it was. */
async function replayAll(call: Account['call'], sent: readonly Sent[]): Promise<void> {
  const again = patientClient(call)
  for (let from = 0; from < sent.length; from += 50) {
    await Promise.all(
      sent.slice(from, from + 50).map(async ({ request, answers }) => {
        answers.push(await again.call('POST', request.path, request.body))
        expect(answers.map(said)).toEqual(answers.map(() => said(answers[0]!)))
      }),
    )
  }
}

describe('FT-6 two processes write one tenant at once', () => {
  test('I10 I11 no fork, no gap, each acknowledged change once, the same answer from both', async () => {
    const dice = seededDice(6)
    const parent = await newFolder()
    const sent: Sent[] = []
    const refusals: string[] = []
    const work = async (client: number): Promise<void> => {
      const both = calls.map((call) => patientClient(call))
      for (let i = 0; i < REQUESTS_EACH; i++) {
        const request = randomRequest(parent, dice)
        // Now and then a client that gave up on one process asks the other, while the first still works on it.
        const asked = dice() < 0.25 ? both : [both[client % 2]!]
        const answers = await Promise.all(asked.map(({ call }) => call('POST', request.path, request.body)))
        sent.push({ request, answers })
      }
      refusals.push(...both.flatMap((each) => each.refusals))
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(client)))

    expect([...new Set(refusals)].filter((code) => code !== 'busy')).toEqual([])
    for (const { answers } of sent) expect(answers[0]!.status, JSON.stringify(answers[0]!.body)).toBe(201)
    for (const call of calls) await replayAll(call, sent)
    const ids = sent.map(({ request }) => request.body.mutationId!)
    for (const { id, answers, entries, versions } of await inspector.effectsOf(ids)) {
      const isFile = 'target' in sent.find(({ request }) => request.body.mutationId === id)!.request.body
      expect(answers).toBe(1)
      if (isFile) expect([entries, versions]).toEqual([1, 1])
      else expect(entries).toBeLessThanOrEqual(1)
    }
    expect(await inspector.forks()).toEqual([])
    expect(await inspector.audit()).toMatchObject({ clean: true })
  })

  test.each(['new', 'there'])(
    'JR-7 I11 an owner overtaken between its facts and its write (folder %s)',
    async (name) => {
      const parent = await newFolder()
      await owner.call('POST', '/v1/folders', { parent, name: 'there' })
      const body = { mutationId: randomUUID(), parent, name, ifExists: 'keep' }
      const hold = faults.hold('commit.before-write')
      const first = calls[0]('POST', '/v1/folders', body)
      await hold.arrived
      const overtaking = await calls[1]('POST', '/v1/folders', body)
      hold.release()
      expect(said(await first)).toEqual(said(overtaking))
      expect(overtaking.status).toBe(201)
      expect(await inspector.effectsOf([body.mutationId])).toMatchObject([
        { answers: 1, entries: name === 'new' ? 1 : 0 },
      ])
    },
  )

  test('FT-12 an owner that freezes in the middle of its commit holds the others up for seconds only', async () => {
    const parent = await newFolder()
    const frozen = inlineFile(parent, 'frozen', 'f')
    const hold = faults.hold('commit.after-write')
    const first = calls[0]('POST', '/v1/files', frozen)
    await hold.arrived
    const other = await patientClient(calls[1]).call('POST', '/v1/files', inlineFile(parent, 'other', 'o'))
    expect(other.body.files?.[0].result, JSON.stringify(other.body)).toMatchObject({ outcome: 'applied' })
    hold.release()
    const late = await first
    expect(late.body.files?.[0].result, JSON.stringify(late.body)).toMatchObject({ outcome: 'applied' })
    expect(await inspector.effectsOf([frozen.mutationId])).toMatchObject([{ answers: 1, entries: 1, versions: 1 }])
    expect(await inspector.audit()).toMatchObject({ clean: true })
  })

  test('I11 one upload committed through both at once gives one file', async () => {
    const parent = await newFolder()
    for (let i = 0; i < 5; i++) {
      const plan = planMixedUpload(parent, `upload ${i}`)
      const { uploadId } = await stage(calls[i % 2]!, plan)
      const [one, other] = await Promise.all(calls.map((call) => commit(patientClient(call).call, uploadId!)))
      expect(one).toEqual(other)
      for (const { id: _, ...counts } of await inspector.effectsOf([...plan.files.keys()]))
        expect(counts).toEqual({ answers: 1, entries: 1, contents: 1, versions: 1 })
    }
    expect(await inspector.forks()).toEqual([])
  })

  test('FD-5 a cursor of one process goes on at the other', async () => {
    const parent = await newFolder()
    const [one, other] = calls
    await other('GET', '/v1/sync/changes?limit=1')
    await one('POST', '/v1/files', inlineFile(parent, 'seen by both', 'x'))
    let cursor = ''
    const names: string[] = []
    await until('the other process shows the change', async () => {
      const page = await other('GET', `/v1/sync/changes?limit=1000${cursor && `&cursor=${cursor}`}`)
      expect(page, JSON.stringify(page.body)).toMatchObject({ status: 200 })
      ;({ cursor } = page.body)
      names.push(...page.body.changes.map(({ node }: { node: { name: string } }) => node.name))
      return names.includes('seen by both')
    })
    const here = await one('GET', `/v1/sync/changes?cursor=${cursor}`)
    expect(here).toMatchObject({ status: 200, body: { changes: [] } })
  })
})
