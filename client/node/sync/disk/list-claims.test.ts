import fc from 'fast-check'
import { expect, test } from 'vitest'
import { claim, newClaims, offer, roomFor, through } from './list-claims.ts'

test('whoever comes first has it, and nobody after', () => {
  const claims = newClaims()
  for (const number of [0, 1]) offer(claims, number)
  expect(claim(claims, 0, 'helper')).toBe(true)
  expect(claim(claims, 0, 'asker')).toBe(false)
  through(claims, 0)
  expect(claim(claims, 0, 'asker')).toBe(false)
  expect(claim(claims, 1, 'asker')).toBe(true)
  expect(claim(claims, 1, 'helper')).toBe(false)
})

test('what the helper was through with is not the asker’s, also when its place is offered anew', () => {
  const claims = newClaims()
  const size = roomFor(claims, 0)
  for (let number = 0; number < size; number++) offer(claims, number)
  expect(roomFor(claims, size)).toBe(0)
  expect(claim(claims, 0, 'helper')).toBe(true)
  through(claims, 0)
  expect(roomFor(claims, size)).toBe(1)
  offer(claims, size)
  expect(claim(claims, 0, 'asker')).toBe(false)
  expect(claim(claims, size, 'asker')).toBe(true)
})

/** Of one turn. */
const ASKS = 1_000

test('each number is listed by exactly one, in whatever order they come to it, and however often places are used anew', () => {
  const turn = fc.record({ by: fc.constantFrom('asker', 'helper', 'offer'), pick: fc.nat() })
  const check = (turns: { by: string; pick: number }[]): void => {
    const claims = newClaims()
    const size = roomFor(claims, 0)
    let next = 0
    let helperAt = 0
    const asked: number[] = []
    const by = new Map<number, string>()
    const helperGoes = (): void => {
      if (helperAt === next) return
      if (claim(claims, helperAt, 'helper')) by.set(helperAt, 'helper')
      through(claims, helperAt++)
    }
    const ask = (pick: number): void => {
      const [number] = asked.splice(pick % Math.max(1, asked.length), 1)
      if (number === undefined) return
      const isOurs = claim(claims, number, 'asker')
      // Who asks and does not have it gets it from the other one.
      expect(by.has(number)).toBe(!isOurs)
      if (isOurs) by.set(number, 'asker')
    }
    for (const { by: who, pick } of turns) {
      if (who === 'offer') {
        const count = Math.min(roomFor(claims, next), 1 + (pick % (size / 2)))
        for (let i = 0; i < count; i++) {
          offer(claims, next)
          asked.push(next++)
        }
      } else if (who === 'helper') for (let i = 0; i < 1 + (pick % size); i++) helperGoes()
      else for (let i = 0; i < 1 + (pick % ASKS); i++) ask(pick)
    }
    for (let left = next - helperAt; left > 0; left--) helperGoes()
    expect(by.size).toBe(next)
  }
  fc.assert(fc.property(fc.array(turn, { maxLength: 30 }), check), { numRuns: 60 })
})
