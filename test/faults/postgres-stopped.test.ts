import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FaultPoint } from '../../core/fault-points.ts'
import type { PostgresSwitch } from '../../embedded/stack-parts.ts'
import type { Stack } from '../../embedded/stack.ts'
import { type Account, type Answer, firstAccount, inlineFile } from '../support/account.ts'
import { type FaultController, startFaultController } from '../support/fault-controller.ts'
import { expectProblem } from '../support/problem.ts'
import { testStack } from '../support/stack.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'
import { commit, nodeIdOf, planMixedUpload, stage, upload } from './mixed-upload.ts'
import { patientClient, type PatientClient } from './patient-client.ts'
import { readBack } from './read-back.ts'

let faults: FaultController
let stack: Stack
let server: PostgresSwitch
let inspector: Inspector
let owner: Account

beforeAll(async () => {
  faults = await startFaultController()
  stack = await testStack({ postgres: null, faults: faults.url, env: NO_GRACE })
  server = stack.postgres!
  inspector = inspect(stack)
  owner = await firstAccount(stack)
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
  await faults?.close()
})

let client: PatientClient
beforeEach(() => {
  client = patientClient(owner.call)
})

const ends = [
  ['stopped', () => server.stop()],
  ['killed', () => server.kill()],
] as const

/** What the points in the middle of a commit's transaction are. */
const MID_COMMIT: FaultPoint[] = ['commit.after-facts', 'commit.before-write', 'commit.after-write']

async function expectOnce(mutationId: string): Promise<void> {
  expect(await inspector.effectsOf([mutationId])).toMatchObject([{ answers: 1, entries: 1, contents: 1, versions: 1 }])
  expect(await inspector.forks()).toEqual([])
}

describe.each(ends)('FT-7 JR-9 Postgres %s in the middle of a commit', (_, end) => {
  test.each(MID_COMMIT)('I11 at %s, back at once: the request itself succeeds, with one effect', async (point) => {
    const body = inlineFile(owner.home.rootId, randomUUID(), 'kept')
    const hold = faults.hold(point)
    const answer = client.call('POST', '/v1/files', body)
    await hold.arrived
    await end()
    await server.start()
    hold.release()
    expect((await answer).body.files[0].result).toMatchObject({ outcome: 'applied' })
    expect(client.refusals.filter((code) => code !== 'database-unavailable')).toEqual([])
    await expectOnce(body.mutationId)
  })

  test('I11 away for longer than a request waits: a refusal that says so, then one effect', async () => {
    const body = inlineFile(owner.home.rootId, randomUUID(), 'late')
    const hold = faults.hold('commit.after-write')
    const answer = owner.call('POST', '/v1/files', body)
    await hold.arrived
    await end()
    hold.release()
    expectUnavailable(await answer)
    await server.start()
    expect(await client.call('POST', '/v1/files', body)).toMatchObject({ status: 201 })
    await expectOnce(body.mutationId)
  })
})

/** FT-8 Never an error of ours, and when to come again. */
function expectUnavailable(answer: Answer): void {
  expectProblem(answer, 'database-unavailable')
  expect(answer.body).toMatchObject({ retryable: true, retryAfterMs: expect.any(Number) })
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
}

test('FT-8 whatever is asked while Postgres is away: unavailable, with a time to come again', async () => {
  const staged = await stage(client.call, planMixedUpload(owner.home.rootId, 'before the outage'))
  const { results } = await upload(client.call, planMixedUpload(owner.home.rootId, 'read in the outage'))
  const id = nodeIdOf([...results.values()][1])
  const { rootId } = owner.home
  const requests: [string, string, unknown?][] = [
    ['POST', '/v1/files', planMixedUpload(rootId, 'new').init],
    ['POST', `/v1/files/${staged.uploadId}/commit`, {}],
    ['POST', '/v1/folders', { mutationId: randomUUID(), parent: rootId, name: 'x' }],
    ['GET', `/v1/uploads/${staged.uploadId}`],
    ['GET', `/v1/files/${id}`],
    ['GET', `/v1/files/${id}/content`],
    ['GET', `/v1/folders/${rootId}/children`],
    ['GET', '/v1/resolve?path=home/x'],
    ['GET', '/v1/sync/changes'],
    ['GET', '/v1/tokens'],
    ['GET', '/readyz'],
    ['POST', '/v1/auth/sign-in', { email: owner.email, password: owner.password, deviceName: 'test' }],
  ]
  await server.stop()
  const answers = await Promise.all(requests.map((request) => owner.call(...request))).finally(() => server.start())
  const said = answers.map(({ body }, i) => [requests[i]!.slice(0, 2).join(' '), body.code])
  expect(said).toEqual(said.map(([request]) => [request, 'database-unavailable']))
  for (const answer of answers) expectUnavailable(answer)
  const committed = await commit(client.call, staged.uploadId!)
  expect([...committed.values()].map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied'])
})

test.each(ends)('FT-9 held connections die while nothing runs (%s): the next requests succeed', async (_, end) => {
  const { uploadId, results } = await upload(client.call, planMixedUpload(owner.home.rootId, randomUUID()))
  const id = nodeIdOf([...results.values()][1])
  await owner.call('GET', '/v1/sync/changes?limit=1')
  await end()
  await server.start()
  const requests: [string, string, unknown?][] = [
    ['GET', '/v1/sync/changes?limit=1'],
    ['POST', `/v1/files/${uploadId}/commit`, {}],
    ['GET', `/v1/folders/${owner.home.rootId}/children`],
    ['GET', '/v1/spaces'],
    ['GET', '/v1/tokens'],
    ['POST', '/v1/folders', { mutationId: randomUUID(), parent: owner.home.rootId, name: randomUUID() }],
  ]
  const answers = await Promise.all(requests.map((request) => owner.call(...request)))
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
    answers.map(({ status }) => [status, undefined]),
  )
  expect(answers.every(({ status }) => status === 200 || status === 201)).toBe(true)
  expect((await readBack(stack.url, owner.token, id)).length).toBe(9_000)
})

test('FT-11 connections cut under load, again and again: every change once, no error of ours', async () => {
  const CLIENTS = 6
  const EACH = 15
  const ids: string[] = []
  const load = new AbortController()
  const work = async (): Promise<void> => {
    for (let i = 0; i < EACH; i++) {
      const body = inlineFile(owner.home.rootId, randomUUID(), 'under load')
      const answer = await client.call('POST', '/v1/files', body)
      expect(answer.body.files?.[0].result, JSON.stringify(answer.body)).toMatchObject({ outcome: 'applied' })
      const listed = await client.call('GET', `/v1/folders/${owner.home.rootId}/children?limit=1`)
      expect(listed.status, JSON.stringify(listed.body)).toBe(200)
      ids.push(body.mutationId)
    }
  }
  const cut = async (): Promise<void> => {
    while (!load.signal.aborted) {
      await inspector.owner`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name in ('bitvault-journal', 'bitvault-reader', 'bitvault-consumers') and pid <> pg_backend_pid()`
      await pause(200)
    }
  }
  const works = Promise.all(Array.from({ length: CLIENTS }, work)).finally(() => load.abort())
  await Promise.all([works, cut()])
  expect(client.refusals.filter((code) => code !== 'database-unavailable')).toEqual([])
  for (const { id: _, ...counts } of await inspector.effectsOf(ids))
    expect(counts).toEqual({ answers: 1, entries: 1, contents: 1, versions: 1 })
  expect(await inspector.forks()).toEqual([])
})

test('FT-10 after the outages every message is delivered, and the audit is clean', async () => {
  await upload(client.call, planMixedUpload(owner.home.rootId, 'after the outages'))
  await inspector.endUploads()
  await inspector.drained(() => fetch(`${stack.url}/healthz`))
  expect(await inspector.audit()).toMatchObject({ clean: true, deadLetters: 0 })
})
