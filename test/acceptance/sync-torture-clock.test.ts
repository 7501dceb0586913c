import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { faketimePath, withClock } from '../support/faketime.ts'
import { LIMIT_MS, Torture, type Round } from './sync-torture-support.ts'

/** TM-05, I23: whatever clocks and the times of files say, nothing is decided by them. */
const library = faketimePath()

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

test.skipIf(library === null).each([
  ['+3y', '-10y'],
  ['-5y', '+1d'],
])(
  'the clock of one says %s, of the other %s, and both jump while they work (needs libfaketime)',
  { timeout: LIMIT_MS },
  async (...shifts) => {
    for (const [i, side] of round.sides.entries()) {
      await side.stop()
      await side.start(withClock(library!, shifts[i]!))
    }
    await round.whileTheyAct((acts) => acts(30))
    for (const side of round.sides) await side.kill()
    round.act(20)
    for (const [i, side] of round.sides.entries()) await side.start(withClock(library!, shifts[1 - i]!))
    await round.rest()
  },
)

test(
  'TM-04, TM-07: the time of every file is moved by years, on both sides: no byte is sent for that',
  { timeout: LIMIT_MS },
  async () => {
    const versions = async (): Promise<number> =>
      Number((await torture.sql`select count(*) as count from versions`)[0]!['count'])
    const before = await versions()
    for (let i = 0; i < 2; i++) {
      for (const { person } of round.sides) person.touchAll()
      await round.rest()
    }
    expect(await versions()).toBe(before)
    for (const { person } of round.sides) person.touchAll()
    round.act(25)
    for (const { person } of round.sides) person.touchAll()
    await round.rest()
  },
)
