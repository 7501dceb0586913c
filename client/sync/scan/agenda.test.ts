import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ItemId } from '../../../core/reconcile/item.ts'
import type { Disk, FolderSeen } from '../ports.ts'
import { Agenda } from './agenda.ts'
import type { FolderToList } from './scan-run.ts'

const folder = (path: string, id = path): FolderToList => ({
  id: id as ItemId,
  path,
  isKnown: true,
  isDeep: true,
  seen: null,
  digest: null,
  blocked: null,
})

test('the last one that turned up comes first, where nothing is read ahead', () => {
  const agenda = new Agenda({} as Disk, { readsAhead: false })
  agenda.push(folder('a'), folder('b'))
  expect(agenda.next()?.path).toBe('b')
  agenda.push(folder('b/c'))
  expect([agenda.next()?.path, agenda.next()?.path, agenda.next()]).toEqual(['b/c', 'a', undefined])
})

test('each comes once, whatever the disk has read first, and also when two have one path', () => {
  /** How many turn up after each, and which of those expected the disk names next, if it names one. */
  const turn = fc.record({ below: fc.integer({ min: 0, max: 3 }), names: fc.option(fc.nat()), isTwice: fc.boolean() })
  const check = (turns: { below: number; names: number | null; isTwice: boolean }[]): void => {
    const expected: string[] = []
    let names: number | null = null
    const waiting = new Set<string>()
    const disk = {
      expect: (folders: readonly FolderSeen[] | null) => {
        for (const { path } of folders ?? []) {
          expect(waiting.has(path)).toBe(false)
          waiting.add(path)
          expected.push(path)
        }
      },
      // Also what was asked for already, as another thread may.
      expectedNext: () => (names === null ? null : (expected[names % Math.max(1, expected.length)] ?? null)),
    }
    const agenda = new Agenda(disk as unknown as Disk, { readsAhead: true })
    const pushed: string[] = []
    const push = (path: string): void => {
      const id = `${path} ${pushed.length}`
      pushed.push(id)
      agenda.push(folder(path, id))
    }
    push('root')
    const met: string[] = []
    for (let at = 0; ; at++) {
      names = turns[at]?.names ?? null
      const next = agenda.next()
      if (next === undefined) break
      met.push(next.id)
      waiting.delete(next.path)
      const { below = 0, isTwice = false } = turns[at] ?? {}
      for (let i = 0; i < below; i++) push(`${next.path}/${i}`)
      if (isTwice) push(next.path)
    }
    expect(met.toSorted()).toEqual(pushed.toSorted())
  }
  fc.assert(fc.property(fc.array(turn, { maxLength: 25 }), check), { numRuns: 500 })
})
