import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { FaultPoint } from '../../core/fault-points.ts'
import type { PostgresSwitch } from '../../embedded/stack-parts.ts'
import type { Stack } from '../../embedded/stack.ts'
import type { Workerd } from '../../embedded/workerd.ts'
import { seededDice } from '../faults/dice.ts'
import { inspect, type Inspector, NO_GRACE } from '../faults/inspector.ts'
import { killAt } from '../faults/kill-at.ts'
import { patientClient } from '../faults/patient-client.ts'
import { until } from '../faults/until.ts'
import { type Account, firstAccount, send, signIn } from '../support/account.ts'
import { type FaultController, startFaultController } from '../support/fault-controller.ts'
import { otherTenant } from '../support/other-tenant.ts'
import { testStack } from '../support/stack.ts'
import { emptyMemory } from './random-entry.ts'
import { deviceOf, type Device } from './replayed-server.ts'
import { expectSameRows } from './same-rows.ts'
import { behave, expectOneOrder, expectSameAnswers, plant, type Done } from './tree-history.ts'

/**
 * Proof (d): random changes of every kind from several patient devices, while the journal's object is killed at each await of a commit,
 * frozen and overtaken, and cut off from a database that ends its connections, dies and comes back. Whatever happens, there is one order of
 * all that was acknowledged, each effect is there once, and the server in memory comes to the same rows.
 */
const DEVICES = 4
/** `npm run test:long`. */
const IS_LONG = process.env['BITVAULT_TEST_LONG'] === '1'
/** PROOF_SEED gives other dice; how the devices interleave is up to the machine. */
const SEED = Number(process.env['PROOF_SEED'] ?? 1)
const IN_COMMIT: FaultPoint[] = [
  'commit.before-facts',
  'commit.after-facts',
  'commit.before-write',
  'commit.after-write',
  'commit.before-alarm',
  'commit.before-answer',
]
/** In the middle of the transaction. */
const IN_TRANSACTION = IN_COMMIT.slice(1, 4)

/** Thrice at each in the long form. */
const KILLS = IS_LONG ? [...IN_COMMIT, ...IN_COMMIT.toReversed(), ...IN_COMMIT] : IN_COMMIT
const CUTS = IS_LONG ? 60 : 24

let faults: FaultController
let stack: Stack
let server: PostgresSwitch
let inspector: Inspector
let second: Workerd

beforeAll(async () => {
  faults = await startFaultController()
  stack = await testStack({ postgres: null, faults: faults.url, env: NO_GRACE })
  server = stack.postgres!
  second = await stack.addWorker()
  inspector = inspect(stack)
  await firstAccount(stack)
})
afterAll(async () => {
  await inspector?.close()
  await stack?.stop()
  await faults?.close()
})

let devices: Device[]
let tenants = 0
beforeEach(async () => {
  const account = await otherTenant(stack, `tenant-${++tenants}@example.com`)
  devices = []
  for (let i = 1; i <= DEVICES; i++) {
    const name = `device ${i}`
    devices.push(deviceOf(await signIn(stack.url, account.email, account.password, name), name))
  }
})

function through(url: string, { account }: Device): Account['call'] {
  const authorization = `Bearer ${account.token}`
  return patientClient((method, path, body, headers) => {
    const request = () => send(url, method, path, body, { authorization, ...headers })
    return url === second.url ? secondDoor.pass(request) : request()
  }).call
}

/** The devices do random things until all has happened that was to happen. @returns what they did */
async function meanwhile(urls: readonly string[], happens: () => Promise<void>): Promise<Done[]> {
  const memory = emptyMemory(devices[0]!.account.home.rootId)
  const over = new AbortController()
  const behaviours = devices.map((device, i) => ({
    device,
    call: through(urls[i % urls.length]!, device),
    dice: seededDice(SEED * 1_000 + tenants * 10 + i),
    memory,
    batch: 8,
    goesOn: () => !over.signal.aborted,
  }))
  const planted = await plant(behaviours[0]!)
  const histories = Promise.all(behaviours.map(behave))
  histories.catch(() => over.abort())
  await Promise.race([happens(), histories]).finally(() => over.abort())
  return [...planted, ...(await histories).flat()]
}

let history: Done[]
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') return
  const server = await expectOneOrder(inspector.owner, devices, history)
  await expectSameAnswers(history)
  await inspector.drained(() => fetch(`${stack.url}/healthz`))
  await expectSameRows(inspector.owner, devices[0]!.account.tenantId, server)
  expect(await inspector.forks()).toEqual([])
  expect(await inspector.audit()).toMatchObject({ clean: true, deadLetters: 0 })
})

test(`FT-18 I10 I11 killed at every await of a commit, ${KILLS.length} times`, { timeout: 240_000 }, async () => {
  const dice = seededDice(SEED)
  history = await meanwhile([stack.url], async () => {
    for (const point of KILLS)
      await killAt({ faults, worker: stack.worker, inspector, point, nth: 1 + Math.floor(dice() * 30) })
  })
})

test('FT-18 I10 I11 frozen at an await while another process takes over', { timeout: 240_000 }, async () => {
  history = await meanwhile([stack.url, second.url], async () => {
    for (const point of ['commit.after-facts', 'commit.after-write', 'commit.before-answer'] as const)
      await freezeAt(point)
  })
})

/** Freezes the first process there until the second has written on. */
async function freezeAt(point: FaultPoint): Promise<void> {
  const letSecondOn = await secondDoor.close()
  const hold = faults.hold(point, 5)
  await hold.arrived
  process.kill(stack.worker.pid(), 'SIGSTOP')
  hold.release()
  letSecondOn()
  const before = await head()
  await until('the other process has written on', async () => (await head()) > before + 20)
  process.kill(stack.worker.pid(), 'SIGCONT')
}

/** What goes to the second process may be kept waiting, so that only the first is at work. */
const secondDoor = {
  opened: Promise.resolve(),
  inside: new Set<Promise<unknown>>(),
  async pass<T>(request: () => Promise<T>): Promise<T> {
    await this.opened
    const answer = request()
    this.inside.add(answer)
    return answer.finally(() => this.inside.delete(answer))
  },
  async close(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.opened = promise
    await Promise.allSettled(this.inside)
    return resolve
  },
}

async function head(): Promise<number> {
  const { tenantId } = devices[0]!.account
  const [row] = await inspector.owner<{ seq: number }[]>`
    select seq::float8 as seq from tenant_head where tenant_id = ${tenantId}`
  return row!.seq
}

test(
  'I10 I11 cut off from Postgres in the middle of a commit, and while it commits',
  { timeout: 240_000 },
  async () => {
    const dice = seededDice(SEED)
    history = await meanwhile([stack.url, second.url], async () => {
      for (let i = 0; i < CUTS; i++) {
        const hold = faults.hold(IN_TRANSACTION[i % IN_TRANSACTION.length]!, 1 + Math.floor(dice() * 10))
        await hold.arrived
        // Half of them race with what comes next, the commit itself among them.
        if (i % 2 === 0) hold.release()
        await inspector.owner`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'bitvault-journal' and datname = current_database()`
        hold.release()
      }
    })
  },
)

test('FT-18 I10 I11 Postgres stops, dies and comes back in the middle of a commit', { timeout: 240_000 }, async () => {
  const dice = seededDice(SEED)
  const ENDS = [server.stop, server.kill, server.kill]
  history = await meanwhile([stack.url], async () => {
    for (const end of IS_LONG ? [...ENDS, ...ENDS] : ENDS) {
      const hold = faults.hold(IN_TRANSACTION[Math.floor(dice() * 3)]!, 1 + Math.floor(dice() * 20))
      await hold.arrived
      await end()
      hold.release()
      await server.start()
    }
  })
})
