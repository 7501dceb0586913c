import { afterAll, afterEach, beforeAll, beforeEach, test } from 'vitest'
import { LIMIT_MS, Torture, type Round } from './sync-torture-support.ts'

/** Two people who work on the same files at once, each without the other. */
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
  await Promise.all([round.a.stop(), round.b.stop()])
  round.act(60)
  await Promise.all([round.a.start(), round.b.start()])
  await round.rest()
})

test('EE-01: both work while the server cannot be reached', { timeout: LIMIT_MS }, async () => {
  for (const { line } of round.sides) line.cut()
  round.act(60)
  for (const side of round.sides) await side.until('offline')
  round.act(20)
  for (const { line } of round.sides) line.mend()
  await round.rest()
})
