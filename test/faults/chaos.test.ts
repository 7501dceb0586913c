import { afterAll, beforeAll, expect, test } from 'vitest'
import { FAULT_POINTS, type FaultPoint } from '../../core/fault-points.ts'
import type { Stack } from '../../embedded/stack.ts'
import { type Account, firstAccount } from '../support/account.ts'
import { type FaultController, startFaultController } from '../support/fault-controller.ts'
import { testStack } from '../support/stack.ts'
import { doSomething, emptyLedger, expectSameAnswer, type Ledger } from './chaos-client.ts'
import { seededDice } from './dice.ts'
import { inspect, type Inspector, NO_GRACE } from './inspector.ts'
import { patientClient } from './patient-client.ts'
import { readBack } from './read-back.ts'

/**
 * Random clients on a Worker that is killed again and again at random points. CHAOS_SEED gives other dice, CHAOS_SECONDS
 * a longer life. The dice fix who does what and where it dies; how the clients interleave is up to the machine.
 */
const SEED = Number(process.env['CHAOS_SEED'] ?? 17)
const LIFE_MS = Number(process.env['CHAOS_SECONDS'] ?? 10) * 1000
const CLIENTS = 4
/** Where a point does not come by itself, the process dies after so many others. */
const MOST_ARRIVALS = 200

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

/** Kills at points out of the dice until it is told to end. @returns where it killed */
async function killOnAndOn(dice: () => number, end: AbortSignal): Promise<FaultPoint[]> {
  const killed: FaultPoint[] = []
  while (!end.aborted) {
    const wanted = FAULT_POINTS[Math.floor(dice() * FAULT_POINTS.length)]!
    const point = await nextArrival(wanted, Math.ceil(dice() * 3), end)
    if (point === null) break
    await stack.worker.kill9()
    point.leave()
    killed.push(point.at)
    await inspector.endClaims()
    await stack.worker.restart()
  }
  return killed
}

/** Settles when somebody stands at the nth arrival at the point, or at any one when that takes too long; `null` at the end. */
function nextArrival(wanted: FaultPoint, nth: number, end: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<{ at: FaultPoint; leave(): void } | null>()
  let seen = 0
  let arrivals = 0
  const forget = faults.watch((at) => {
    if (end.aborted || (++arrivals < MOST_ARRIVALS && !(at === wanted && ++seen >= nth))) return undefined
    const held = Promise.withResolvers<void>()
    forget()
    resolve({ at, leave: () => held.resolve() })
    return held.promise
  })
  const ended = (): void => {
    forget()
    resolve(null)
  }
  if (end.aborted) ended()
  end.addEventListener('abort', ended, { once: true })
  return promise
}

async function expectLedgerHolds(ledger: Ledger): Promise<void> {
  for (const { nodeId, revision, bytes } of ledger.versions) {
    const back = await readBack(stack.url, owner.token, nodeId, revision)
    expect(back.equals(bytes), `${nodeId} ${revision}`).toBe(true)
  }
  const effects = await inspector.effectsOf(ledger.versions.map(({ mutationId }) => mutationId))
  for (const { id: _, ...counts } of effects)
    expect(counts).toEqual({ answers: 1, entries: 1, contents: 1, versions: 1 })
  const { call } = patientClient(owner.call)
  for (const answer of ledger.answers) await expectSameAnswer(call, answer)
}

async function live(ledger: Ledger): Promise<{ killed: FaultPoint[]; refusals: string[] }> {
  const end = new AbortController()
  const killing = killOnAndOn(seededDice(SEED), end.signal)
  const deadline = performance.now() + LIFE_MS
  const refusals: string[] = []
  const client = async (number: number): Promise<void> => {
    const { call, refusals: own } = patientClient(owner.call)
    const dice = seededDice(SEED * 1_000 + number)
    while (performance.now() < deadline) await doSomething({ call, dice, parent: owner.home.rootId, ledger })
    refusals.push(...own)
  }
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number))
  await Promise.all(clients).finally(() => end.abort())
  return { killed: await killing, refusals }
}

test(
  `FT-17 P0-07 I2 I10 I11 I17 random clients, random deaths (seed ${SEED})`,
  { timeout: LIFE_MS + 60_000 },
  async () => {
    const ledger = emptyLedger()
    try {
      const { killed, refusals } = await live(ledger)
      // How many depends on how quickly a process comes back; that there were some does not.
      expect(killed.length).toBeGreaterThanOrEqual(3)
      expect(refusals.filter((code) => code !== 'lost' && code !== 'busy')).toEqual([])
      await inspector.endUploads()
      await inspector.drained(() => fetch(`${stack.url}/healthz`))
      await expectLedgerHolds(ledger)
      for (const uploadId of ledger.abandoned) expect(await inspector.objectsOf(owner.tenantId, uploadId)).toEqual([])
      expect(await inspector.forks()).toEqual([])
      expect(await inspector.audit()).toMatchObject({ clean: true, deadLetters: 0 })
    } catch (cause) {
      throw new Error(`CHAOS_SEED=${SEED} failed after ${ledger.versions.length} versions`, { cause })
    }
  },
)
