import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FAULT_POINTS, type FaultPoint } from '../../core/fault-points.ts'
import type { Stack } from '../../embedded/stack.ts'
import { type Account, firstAccount, inlineFile } from '../support/account.ts'
import { type FaultController, startFaultController } from '../support/fault-controller.ts'
import { testStack } from '../support/stack.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'
import { killAt } from './kill-at.ts'
import { commit, type MixedUpload, nodeIdOf, planMixedUpload, type Results, stage, upload } from './mixed-upload.ts'
import { patientClient } from './patient-client.ts'
import { readBack } from './read-back.ts'

/** Not of this profile: where the outbox itself is the queue, nothing is sent to one. bus/ has their tests. */
const OF_CLOUDFLARE_QUEUES = new Set<FaultPoint>(['outbox.before-send', 'outbox.after-send'])
const POINTS = FAULT_POINTS.filter((point) => !OF_CLOUDFLARE_QUEUES.has(point))
/** Points inside the journal: met first by the inline file in the init, then by the commit of the others. */
const IN_JOURNAL = POINTS.filter((point) => point.startsWith('commit.') && !point.endsWith('-list'))
const KILLS: [FaultPoint, number][] = [
  ...POINTS.map((point): [FaultPoint, number] => [point, 1]),
  ...IN_JOURNAL.map((point): [FaultPoint, number] => [point, 2]),
]

let faults: FaultController
let stack: Stack
let inspector: Inspector
let owner: Account

beforeAll(async () => {
  faults = await startFaultController()
  stack = await testStack({ faults: faults.url, env: NO_GRACE })
  inspector = inspect(stack)
  owner = await firstAccount(stack)
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
  await faults?.close()
})

let call: Account['call']
beforeEach(() => {
  ;({ call } = patientClient(owner.call))
})

const kill = (point: FaultPoint, nth?: number): Promise<void> =>
  killAt({ faults, worker: stack.worker, inspector, point, ...(nth === undefined ? {} : { nth }) })

const pollPumps = () => fetch(`${stack.url}/healthz`)

/** Time passes: every upload ends, every message is delivered. */
async function settle(): Promise<void> {
  await inspector.endUploads()
  await inspector.drained(pollPumps)
}

/** FT-3 What must hold whatever was killed. */
async function expectSound(): Promise<void> {
  expect(await inspector.audit()).toMatchObject({ clean: true, deadLetters: 0 })
  expect(await inspector.forks()).toEqual([])
}

async function expectOnce(plan: MixedUpload, results: Results): Promise<void> {
  const ids = [...plan.files.keys()]
  expect([...results.keys()].toSorted()).toEqual(ids.toSorted())
  for (const result of results.values())
    expect(result).toMatchObject({ outcome: 'applied', node: { contentRevision: 1 } })
  expect(await inspector.effectsOf(ids)).toEqual(
    ids.map((id) => ({ id, answers: 1, entries: 1, contents: 1, versions: 1 })),
  )
}

async function expectReadable(plan: MixedUpload, results: Results): Promise<void> {
  for (const [id, bytes] of plan.files) {
    const back = await readBack(stack.url, owner.token, nodeIdOf(results.get(id)))
    expect(back.equals(bytes)).toBe(true)
  }
}

type Garbage = { abandoned: string; purged: string; trashed: string }

/** Work for the collectors: an upload that nobody commits, an older version, and a folder with something in it that was trashed by itself. */
async function leaveGarbage(label: string): Promise<Garbage> {
  const abandoned = await stage(call, planMixedUpload(owner.home.rootId, `${label} abandoned`))
  const plan = planMixedUpload(owner.home.rootId, `${label} purged`)
  const { results } = await upload(call, plan)
  const alone = nodeIdOf(results.get([...plan.files.keys()][1]!))
  const next = inlineFile(owner.home.rootId, '', 'next', { target: { node: alone }, base: 1 })
  expect((await call('POST', '/v1/files', next)).status).toBe(201)
  const folder = await call('POST', '/v1/folders', { parent: owner.home.rootId, name: `${label} folder` })
  const purged: string = folder.body.node.id
  await upload(call, planMixedUpload(purged, `${label} in the folder`))
  const apart = await call('POST', '/v1/files', inlineFile(purged, 'apart', 'trashed by itself'))
  const trashed: string = apart.body.files[0].result.node.id
  for (const id of [trashed, purged]) expect((await call('DELETE', `/v1/nodes/${id}`)).status).toBe(200)
  return { abandoned: abandoned.uploadId!, purged, trashed }
}

/** The folder is purged by its owner, what outlives it and the older version by the time that they may stay. */
async function discard({ purged }: Garbage): Promise<void> {
  const answer = await call('POST', `/v1/nodes/${purged}/purge`, { mutationId: randomUUID() })
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
  await inspector.tend()
}

async function expectCollected({ abandoned, purged, trashed }: Garbage): Promise<void> {
  expect(await inspector.objectsOf(owner.tenantId, abandoned)).toEqual([])
  const left = await inspector.owner`select id from nodes where id in (${purged}, ${trashed}) or parent_id = ${purged}`
  expect(left).toEqual([])
}

describe('FT-1 kill -9 at a numbered point; the client repeats its last request', () => {
  test.each(KILLS)('FT-3 FT-5 P0-11 I11 %s, arrival %i', async (point, nth) => {
    const label = `${point} ${nth}`
    const garbage = await leaveGarbage(label)
    const plan = planMixedUpload(owner.home.rootId, label)
    const killed = kill(point, nth)
    const { uploadId, results } = await upload(call, plan)
    await discard(garbage)
    await Promise.all([killed, settle()])
    await settle() // what the killed process had in hand when the first look found nothing
    await expectOnce(plan, results)
    await expectReadable(plan, results)
    await expectCollected(garbage)
    await expectSound()
    // FT-5 Even now that the upload is over and swept.
    expect(await commit(call, uploadId!)).toEqual(new Map([...results].slice(1)))
    expect((await upload(call, plan)).results).toEqual(results)
  })
})

describe('FT-2 kill -9 at a numbered point; the client never comes back', () => {
  const points = POINTS.filter((point) => point.startsWith('init.') || point.startsWith('commit.'))

  test.each(points)('P0-07 %s: all of the commit or nothing, and nothing is left over', async (point) => {
    const plan = planMixedUpload(owner.home.rootId, `gone ${point}`)
    const isInit = point.startsWith('init.')
    const staged = isInit ? null : await stage(call, plan)
    const killed = kill(point)
    const lost = isInit
      ? owner.call('POST', '/v1/files', plan.init)
      : owner.call('POST', `/v1/files/${staged!.uploadId}/commit`, {})
    await expect(lost).rejects.toThrow('fetch failed')
    await killed
    await settle()
    const effects = await inspector.effectsOf([...plan.files.keys()].slice(1))
    const wasCommitted = point === 'commit.before-alarm' || point === 'commit.before-answer'
    for (const { id: _, ...counts } of effects) {
      const each = wasCommitted ? 1 : 0
      expect(counts).toEqual({ answers: each, entries: each, contents: each, versions: each })
    }
    if (staged && !wasCommitted) expect(await inspector.objectsOf(owner.tenantId, staged.uploadId!)).toEqual([])
    await expectSound()
  })
})

test('FT-4 every point of this profile was met', () => {
  expect(POINTS.filter((point) => (faults.counts.get(point) ?? 0) === 0)).toEqual([])
})
