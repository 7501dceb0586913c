import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { IS_LONG, LIMIT_MS, Torture, type Round } from './sync-torture-support.ts'

/** Whatever runs is ended by force while both people go on: the daemons, the server, the database. */
const KILLS = IS_LONG ? 100 : 4
const OUTAGES = IS_LONG ? 20 : 2
/** What people do from one kill to the next, at most. */
const ACTS = IS_LONG ? 40 : 20

let torture: Torture
let round: Round

beforeAll(async () => {
  torture = await Torture.open({ postgres: null })
})
afterAll(() => torture?.end())
beforeEach(async () => {
  round = await torture.round()
  round.act(25)
  await round.rest()
})
afterEach(() => round?.end())

const someActs = (): number => 1 + Math.floor(round.dice() * ACTS)

test(`DK-01, DK-06, DK-07, DK-09: ${KILLS} daemons killed at random moments`, { timeout: LIMIT_MS }, async () => {
  await round.whileTheyAct(async (acts) => {
    for (let i = 0; i < KILLS; i++) {
      const side = round.sides[round.dice() < 0.5 ? 0 : 1]!
      await acts(someActs())
      await side.kill()
      await round.note()
      side.spawn()
    }
  })
  await round.rest()
  expect((await round.a.status())!.refusals + (await round.b.status())!.refusals).toBe(0)
})

test('DK-01: killed before anything is over, both at once', { timeout: LIMIT_MS }, async () => {
  for (let i = 0; i < KILLS / 4; i++) {
    round.act(30)
    await Promise.all(round.sides.map((side) => side.syncNow()))
    await Promise.all(round.sides.map((side) => side.kill()))
    round.act(10)
    await Promise.all(round.sides.map((side) => side.start()))
  }
  await round.rest()
})

test('SV-08, NW-01: the server killed and started again', { timeout: LIMIT_MS }, async () => {
  await round.whileTheyAct(async (acts) => {
    for (let i = 0; i < OUTAGES; i++) {
      await acts(someActs())
      await torture.stack.worker.kill9()
      await acts(someActs())
      await torture.stack.worker.restart()
      await acts(someActs())
      await round.note()
    }
  })
  await round.rest()
})

test('SV-08: Postgres killed, stopped and started again', { timeout: LIMIT_MS }, async () => {
  const server = torture.stack.postgres!
  await round.whileTheyAct(async (acts) => {
    for (let i = 0; i < OUTAGES; i++) {
      await acts(someActs())
      await (i % 2 === 0 ? server.kill() : server.stop())
      await acts(someActs())
      await server.start()
      await acts(someActs())
    }
  })
  await round.rest()
})
