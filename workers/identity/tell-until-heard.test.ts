import { expect, test } from 'vitest'
import { tellUntilHeard } from './tell-until-heard.ts'

/** @param failures how often nobody hears it */
async function told(failures: number) {
  const pauses: number[] = []
  let calls = 0
  const tell = async (): Promise<void> => {
    if (++calls <= failures) throw new Error('the object went away')
  }
  const heard = await tellUntilHeard(tell, async (ms) => void pauses.push(ms)).then(
    () => true,
    () => false,
  )
  return { heard, calls, waitedMs: pauses.reduce((sum, ms) => sum + ms, 0) }
}

test('LV-8 an object that goes away while it is told is told again, within the five seconds', async () => {
  expect(await told(0)).toEqual({ heard: true, calls: 1, waitedMs: 0 })
  const late = await told(3)
  expect(late).toMatchObject({ heard: true, calls: 4 })
  expect(late.waitedMs).toBeLessThan(4_000)
})

test('it is given up at last', async () => {
  expect(await told(100)).toMatchObject({ heard: false, calls: 4 })
})
