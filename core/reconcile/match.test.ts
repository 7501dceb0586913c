import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ItemId, LocalState } from './item.ts'
import { isSameFolder, matchFolder, resolveSpots, type Found, type Known, type Spot } from './match.ts'

const id = (text: string) => text as ItemId
const stamp = (ino: string, tick = 0) => ({ ino, size: 3, mtimeNs: `${tick}`, ctimeNs: `${tick}` })
const known = (name: string, ino: string, kind: LocalState['kind'] = 'file'): Known => ({
  id: id(name),
  state: { place: { parent: id('root'), name }, kind, stamp: stamp(ino), content: null, isSettled: true },
})
const found = (name: string, ino: string, tick = 0, kind: Found['kind'] = 'file'): Found => ({
  name,
  kind,
  stamp: stamp(ino, tick),
})

describe('one folder', () => {
  test('every name is the same, changed, taken, new or missing', () => {
    const match = matchFolder(
      [known('same', '1'), known('edited', '2'), known('saved', '3'), known('gone', '4'), known('kind', '5', 'folder')],
      [found('same', '1'), found('edited', '2', 9), found('saved', '30'), found('new', '6'), found('kind', '5')],
    )
    const names = {
      same: match.same.map(({ known }) => known.id),
      changed: match.changed.map(({ known }) => known.id),
      taken: match.taken.map(({ known }) => known.id),
      appeared: match.appeared.map(({ name }) => name),
      missing: match.missing.map(({ id }) => id),
    }
    expect(names).toEqual({
      same: ['same'],
      changed: ['edited'],
      taken: ['saved', 'kind'],
      appeared: ['new'],
      missing: ['gone'],
    })
  })

  test('nothing is told twice and nothing is left out', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const entries = fc.uniqueArray(fc.tuple(name, fc.constantFrom('1', '2', '3'), fc.nat(1)), { selector: ([n]) => n })
    fc.assert(
      fc.property(entries, entries, (before, now) => {
        const match = matchFolder(
          before.map(([n, ino]) => known(n, ino)),
          now.map(([n, ino, tick]) => found(n, ino, tick)),
        )
        const both = [...match.same, ...match.changed, ...match.taken]
        const seen = [...both.map((one) => one.found.name), ...match.appeared.map(({ name }) => name)]
        const had = [...both.map((one) => one.known.id), ...match.missing.map((one) => one.id)]
        expect(seen.sort()).toEqual(now.map(([n]) => n).sort())
        expect(had.sort()).toEqual(before.map(([n]) => n).sort())
      }),
      { seed: 4, numRuns: 300 },
    )
  })

  test('MV-20: a folder is known by what is in it, or was empty', () => {
    expect(isSameFolder([known('a', '1'), known('b', '2')], [found('x', '2')])).toBe(true)
    expect(isSameFolder([known('a', '1')], [found('a', '9')])).toBe(false)
    expect(isSameFolder([known('a', '1')], [])).toBe(false)
    expect(isSameFolder([], [found('a', '9')])).toBe(true)
  })
})

type Draft = Partial<Omit<Spot<Found>, 'owners'>> & { owners?: (string | { id: string; isAcknowledged: boolean })[] }
const spot = (at: string, { holder, owners = [], ...rest }: Draft): Spot<Found> => ({
  found: found(at, at),
  isSameKind: true,
  home: null,
  ...rest,
  holder: holder ?? null,
  owners: owners.map((owner) =>
    typeof owner === 'string' ? { id: id(owner), isAcknowledged: true } : { ...owner, id: id(owner.id) },
  ),
})

function resolved(spots: Spot<Found>[], lost: string[]): string[] {
  return resolveSpots(spots, (item) => lost.includes(item)).map((verdict) =>
    verdict.is === 'new' ? 'new' : `${verdict.item} ${verdict.is}`,
  )
}

describe('spots', () => {
  test('MV-14: what is lost and turns up is moved', () => {
    expect(resolved([spot('g', { owners: ['f'] })], ['f'])).toEqual(['f moved'])
  })

  test('a second link to what is still there is new', () => {
    expect(resolved([spot('g', { owners: ['f'] })], [])).toEqual(['new'])
  })

  test('one of two links to what is lost is it', () => {
    expect(resolved([spot('g', { owners: ['f'] }), spot('h', { owners: ['f'] })], ['f'])).toEqual(['f moved', 'new'])
  })

  test('AS-01: a new file at an old name is an edit', () => {
    expect(resolved([spot('f', { holder: id('f') })], ['f'])).toEqual(['f edited'])
  })

  test('AS-01: also when the temporary file of the save had been seen', () => {
    const temp = { id: 'local:1', isAcknowledged: false }
    expect(resolved([spot('f', { holder: id('f'), owners: [temp] })], ['f', 'local:1'])).toEqual(['f edited'])
  })

  test('AS-02: also when the old one was moved aside', () => {
    const aside = spot('f~', { owners: ['f'] })
    const saved = spot('f', { holder: id('f') })
    expect(resolved([aside, saved], ['f'])).toEqual(['new', 'f edited'])
    expect(resolved([saved, aside], ['f'])).toEqual(['f edited', 'new'])
  })

  test('AS-02: also when a scan had seen the old one aside before', () => {
    expect(resolved([spot('f', { home: id('f') })], ['f'])).toEqual(['f edited'])
    expect(resolved([spot('f', { home: id('f') })], [])).toEqual(['new'])
  })

  test('MD-04, RN-09: what was moved over another is that which moved; the other is lost', () => {
    expect(resolved([spot('x', { holder: id('x'), owners: ['y'] })], ['x', 'y'])).toEqual(['y moved'])
  })

  test('RN-03: a swap and a rotation are moves', () => {
    const [a, b] = [spot('a', { holder: id('a'), owners: ['b'] }), spot('b', { holder: id('b'), owners: ['a'] })]
    expect(resolved([a, b], ['a', 'b'])).toEqual(['b moved', 'a moved'])
    const [x, y, z] = [
      spot('x', { holder: id('x'), owners: ['z'] }),
      spot('y', { holder: id('y'), owners: ['x'] }),
      spot('z', { holder: id('z'), owners: ['y'] }),
    ]
    expect(resolved([x, y, z], ['x', 'y', 'z'])).toEqual(['z moved', 'x moved', 'y moved'])
  })

  test('RN-02: a chain of renames is moves', () => {
    const spots = [
      spot('b', { holder: id('b'), owners: ['a'] }),
      spot('c', { holder: id('c'), owners: ['b'] }),
      spot('d', { owners: ['c'] }),
    ]
    expect(resolved(spots, ['a', 'b', 'c'])).toEqual(['a moved', 'b moved', 'c moved'])
  })

  test('RN-05: a name in another case is a move', () => {
    expect(resolved([spot('FOO', { owners: ['foo'] })], ['foo'])).toEqual(['foo moved'])
  })

  test('a file where a folder was is new', () => {
    expect(resolved([spot('d', { holder: id('d'), isSameKind: false })], ['d'])).toEqual(['new'])
  })

  test('no item is in two places, whatever the spots', () => {
    const item = fc.constantFrom('a', 'b', 'c', 'd')
    const draft = fc.record({
      holder: fc.option(item.map(id)),
      owners: fc.uniqueArray(fc.record({ id: item, isAcknowledged: fc.boolean() }), { selector: (o) => o.id }),
      isSameKind: fc.boolean(),
      home: fc.option(item.map(id)),
    })
    const drafts = fc.uniqueArray(draft, { maxLength: 5, selector: (d) => d.holder ?? Symbol('none') })
    fc.assert(
      fc.property(drafts, fc.subarray(['a', 'b', 'c', 'd']), (some, others) => {
        const spots = some.map(({ holder, home, ...rest }, i) => spot(`s${i}`, { ...rest, holder, home }))
        const lost = new Set<string>([...others, ...spots.flatMap(({ holder }) => (holder === null ? [] : [holder]))])
        const verdicts = resolveSpots(spots, (one) => lost.has(one))
        const items = verdicts.flatMap((verdict) => (verdict.is === 'new' ? [] : [verdict.item]))
        expect(new Set(items).size).toBe(items.length)
        expect(items.every((one) => lost.has(one))).toBe(true)
      }),
      { seed: 4, numRuns: 500 },
    )
  })
})
