import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findContradictions, type Call } from './linearize.ts'

type Register = Call & { value: number }

/** A register: a change sets it, a read tells it. */
function register() {
  let value = 0
  return {
    change: (call: Register) => ((value = call.value), null),
    agrees: (call: Register) => call.value === value,
    describe: (call: Register) => `${call.value}`,
  }
}
const set = (order: number, called: number, returned: number): Register => ({ order, called, returned, value: order })
const read = (value: number, called: number, returned: number): Register => ({ order: null, called, returned, value })

test('reads and changes in their order are one', () => {
  expect(findContradictions([set(1, 0, 1), read(1, 2, 3), set(2, 4, 5), read(2, 6, 7)], register())).toEqual([])
})

test('a read that overlaps a change may see either state', () => {
  expect(findContradictions([set(1, 0, 10), read(0, 1, 2), read(1, 3, 4)], register())).toEqual([])
})

test.each([
  ['a stale read', [set(1, 0, 1), read(0, 2, 3)]],
  ['a read of the future', [read(1, 0, 1), set(1, 2, 3)]],
  ['a read that goes back behind another', [set(1, 0, 10), read(1, 1, 2), read(0, 3, 4)]],
  ['an order against time', [set(2, 0, 1), set(1, 2, 3)]],
  ['a value that never was', [set(1, 0, 1), read(7, 0, 5)]],
])('%s is found', (_, calls) => {
  expect(findContradictions(calls, register())).not.toEqual([])
})

test('whatever a real register answers to concurrent callers is linearisable', () => {
  const steps = fc.array(fc.record({ isRead: fc.boolean(), before: fc.nat(5), after: fc.nat(5) }), { maxLength: 40 })
  fc.assert(
    fc.property(steps, (all) => {
      let order = 0
      const calls = all.map(({ isRead, before, after }, at): Register => {
        const span = { called: at * 2 - before, returned: at * 2 + 1 + after }
        return isRead ? { order: null, value: order, ...span } : { order: ++order, value: order, ...span }
      })
      expect(findContradictions(calls, register())).toEqual([])
    }),
    { seed: 7 },
  )
})
