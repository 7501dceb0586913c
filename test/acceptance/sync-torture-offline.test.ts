import { afterAll, afterEach, beforeAll, beforeEach, test } from 'vitest'
import { IS_LONG, LIMIT_MS, Torture, type Round } from './sync-torture-support.ts'

/** Two people who work on the same files at once, each without the other. */
const TIMES = IS_LONG ? 30 : 1

let torture: Torture
let round: Round

beforeAll(async () => {
  torture = await Torture.open()
})
afterAll(() => torture?.end())
beforeEach(async () => {
  round = await torture.round()
  round.act(60)
  await round.rest()
})
afterEach(() => round?.end())

test('EE-01, WA-05: both work while nothing runs', { timeout: LIMIT_MS }, async () => {
  for (let i = 0; i < TIMES; i++) {
    await Promise.all([round.a.stop(), round.b.stop()])
    round.act(60)
    await Promise.all([round.a.start(), round.b.start()])
    await round.rest()
  }
})

test('EE-01: both work while the server cannot be reached', { timeout: LIMIT_MS }, async () => {
  for (let i = 0; i < TIMES; i++) {
    for (const { line } of round.sides) line.cut()
    round.act(60)
    for (const side of round.sides) await side.until('offline')
    round.act(20)
    for (const { line } of round.sides) line.mend()
    await round.rest()
  }
})
