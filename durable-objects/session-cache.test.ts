import { expect, test } from 'vitest'
import type { SessionId } from '../core/ids.ts'
import type { ReadPrincipal } from '../db/tenant/principal.ts'
import { SessionCache } from './session-cache.ts'

const ids = (count: number): SessionId[] => Array.from({ length: count }, (_, at) => `s${at}` as SessionId)
const principal = { spaces: [] } as unknown as ReadPrincipal

/** A cache whose questions the test answers by hand. */
function world() {
  const questions: { asked: SessionId[]; answer(standing?: SessionId[]): void; fail(): void }[] = []
  const cache = new SessionCache((asked) => {
    const { promise, resolve, reject } = Promise.withResolvers<Map<SessionId, ReadPrincipal>>()
    const answer = (standing = asked) => resolve(new Map(standing.map((session) => [session, principal])))
    questions.push({ asked, answer, fail: () => reject(new Error('gone')) })
    return promise
  })
  return { cache, questions }
}

test('T25 however many ask at once, they are two questions', async () => {
  const { cache, questions } = world()
  const all = [...ids(500), ...ids(500)].map((session) => cache.require(session))
  expect(questions.map(({ asked }) => asked.length)).toEqual([1])
  questions[0]!.answer()
  await all[0]
  expect(questions.map(({ asked }) => asked.length)).toEqual([1, 500])
  questions[1]!.answer()
  expect(await Promise.all(all)).toHaveLength(1_000)
  await cache.require(ids(3)[2]!)
  expect(questions).toHaveLength(2)
})

test('one that does not stand is refused, and takes no other with it', async () => {
  const { cache, questions } = world()
  const [a, b] = ids(2)
  const first = cache.require(a!)
  const asked = [cache.require(a!), cache.require(b!)]
  questions[0]!.answer()
  await first
  const refused = expect(asked[1]).rejects.toMatchObject({ code: 'session-revoked' })
  questions[1]!.answer([a!])
  expect(await asked[0]).toBe(principal)
  await refused
})

test('I15 what was asked before an end is not remembered after it', async () => {
  const { cache, questions } = world()
  const [a] = ids(1)
  const before = cache.require(a!)
  cache.forget([a!])
  const after = cache.require(a!)
  questions[0]!.answer()
  await before
  const refused = expect(after).rejects.toMatchObject({ code: 'session-revoked' })
  questions[1]!.answer([])
  await refused
})

test('a question that fails is asked again by who comes next', async () => {
  const { cache, questions } = world()
  const [a] = ids(1)
  const failed = expect(cache.require(a!)).rejects.toThrow('gone')
  questions[0]!.fail()
  await failed
  const again = cache.require(a!)
  questions[1]!.answer()
  expect(await again).toBe(principal)
})
