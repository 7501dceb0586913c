import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { MutationResult } from '../../protocol/files.ts'
import { type Account, type Answer, inlineFile } from '../support/account.ts'
import { type MixedUpload, planMixedUpload, stage, upload } from './mixed-upload.ts'

/** What was acknowledged: from then on it may never be lost, doubled or changed. */
export type Ledger = {
  /** One for each version: these bytes can be read as this revision of this node. */
  versions: { mutationId: string; nodeId: string; revision: number; bytes: Uint8Array }[]
  /** Requests with what they were answered. */
  answers: { body: unknown; results: MutationResult[] }[]
  /** Uploads that nobody will ever commit. */
  abandoned: string[]
}

export const emptyLedger = (): Ledger => ({ versions: [], answers: [], abandoned: [] })

type Chaos = { call: Account['call']; dice: () => number; parent: string; ledger: Ledger }

/** One random thing that a client does; a name out of few, so that clients meet. */
export async function doSomething(chaos: Chaos): Promise<void> {
  const kind = chaos.dice()
  if (kind < 0.4) await writeInline(chaos)
  else if (kind < 0.75) await writeMixed(chaos)
  else if (kind < 0.9) await giveUp(chaos)
  else await repeat(chaos)
}

async function writeInline({ call, dice, parent, ledger }: Chaos): Promise<void> {
  const name = `shared ${Math.floor(dice() * 8)}`
  const text = `${randomUUID()} ${'x'.repeat(dice() * 1_000)}`
  const body = inlineFile(parent, name, text, { base: Math.floor(dice() * 3) })
  const results = resultsOf(await call('POST', '/v1/files', body))
  ledger.answers.push({ body, results })
  record(ledger, results, new Map([[body.mutationId, Buffer.from(text)]]))
}

async function writeMixed({ call, parent, ledger }: Chaos): Promise<void> {
  const plan = planMixedUpload(parent, randomUUID())
  const { results } = await upload(call, plan)
  expect(results.size).toBe(plan.files.size)
  ledger.answers.push({ body: plan.init, results: [...results.values()] })
  record(ledger, [...results.values()], plan.files)
}

/** Everything but the commit; some say so, some just go away. The inline file of it is there. */
async function giveUp({ call, dice, parent, ledger }: Chaos): Promise<void> {
  const plan: MixedUpload = planMixedUpload(parent, randomUUID())
  const { uploadId, results } = await stage(call, plan)
  record(ledger, [...results.values()], plan.files)
  if (dice() < 0.7) expect((await call('DELETE', `/v1/uploads/${uploadId}`)).status).toBe(204)
  ledger.abandoned.push(uploadId!)
}

async function repeat({ call, dice, ledger }: Chaos): Promise<void> {
  const old = ledger.answers[Math.floor(dice() * ledger.answers.length)]
  if (old) await expectSameAnswer(call, old)
}

/** I11 The request once more: everything is there, so its init alone answers as before. */
export async function expectSameAnswer(
  call: Account['call'],
  { body, results }: Ledger['answers'][number],
): Promise<void> {
  const again = resultsOf(await call('POST', '/v1/files', body))
  const byId = (all: MutationResult[]) => new Map(all.map((result) => [result.mutationId, result]))
  expect(byId(again)).toEqual(byId(results))
}

function resultsOf(answer: Answer): MutationResult[] {
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
  return answer.body.files.map(({ result }: { result: MutationResult }) => result)
}

function record(ledger: Ledger, results: MutationResult[], bytes: ReadonlyMap<string, Uint8Array>): void {
  for (const result of results) {
    if (result.outcome === 'rejected') throw new Error(`rejected: ${JSON.stringify(result.problem)}`)
    const { mutationId, node } = result
    ledger.versions.push({ mutationId, nodeId: node.id, revision: node.contentRevision, bytes: bytes.get(mutationId)! })
  }
}
