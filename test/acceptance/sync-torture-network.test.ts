import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LineTrouble } from './cut-proxy.ts'
import { IS_LONG, LIMIT_MS, Torture, type Round } from './sync-torture-support.ts'

/** Lines that are cut, slow, or lose what was said; both to the server and to the bucket. */
const TIMES = IS_LONG ? 40 : 2
const ACTS = 25

let torture: Torture
let round: Round

beforeAll(async () => {
  torture = await Torture.open()
})
afterAll(() => torture?.end())
beforeEach(async () => {
  round = await torture.round()
  round.act(25)
  await round.rest()
})
afterEach(() => round?.end())

const lines = () => [torture.bucketLine, ...round.sides.map(({ line }) => line)]
const harmed = (): number => lines().reduce((sum, line) => sum + line.harmed, 0)
const trouble = (what: LineTrouble): void => lines().forEach((line) => line.trouble(what))
const mend = (): void => lines().forEach((line) => line.mend())

test('NW-01, NW-02, NW-10: answers are lost, and connections end in the middle', { timeout: LIMIT_MS }, async () => {
  trouble({ loseAnswer: 0.06, cutPiece: 0.03 })
  const before = harmed()
  await round.whileTheyAct((acts) => acts(TIMES * ACTS))
  mend()
  expect(harmed()).toBeGreaterThan(before)
  await round.rest()
})

test('NW-11: lines are cut and come back, again and again', { timeout: LIMIT_MS }, async () => {
  await round.whileTheyAct(async (acts) => {
    for (let i = 0; i < TIMES; i++) {
      const line = lines()[Math.floor(round.dice() * 3)]!
      line.cut()
      await acts(1 + Math.floor(round.dice() * ACTS))
      line.mend()
      await acts(1 + Math.floor(round.dice() * ACTS))
    }
  })
  await round.rest()
})

test('WR-01, WR-04: lines are slow, so that files change while they travel', { timeout: LIMIT_MS }, async () => {
  trouble({ slowMs: 40 })
  await round.whileTheyAct((acts) => acts(TIMES * ACTS))
  await round.rest()
})
