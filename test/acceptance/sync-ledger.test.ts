import { beforeEach, describe, expect, test } from 'vitest'
import { EMPTY, hashOf, SyncLedger, type Found, type Hash, type Tree } from './sync-ledger.ts'

/** The oracle is worth what it complains about. */
let ledger: SyncLedger
const [one, two] = [hashOf(Buffer.from('one')), hashOf(Buffer.from('two'))]

beforeEach(() => {
  ledger = new SyncLedger()
  ledger.saved(one, 'anna', 'f')
  ledger.saved(two, 'bert', 'g')
})

const found = (tree: Tree, more: Partial<Found> = {}): Found => ({
  trees: { anna: tree, bert: tree, server: tree },
  held: new Set(Object.values(tree)),
  aside: new Set(),
  ...more,
})
const withHeld = (tree: Tree, ...hashes: Hash[]): Found =>
  found(tree, { held: new Set([...Object.values(tree), ...hashes]) })

describe('all is well', () => {
  test('when what was saved is in the tree', () => {
    expect(ledger.complaints(found({ f: one, g: two, 'd/': '', empty: EMPTY }))).toEqual([])
  })

  test('when its writer did away with it before the server had it', () => {
    ledger.removed(one, 'anna')
    expect(ledger.complaints(found({ g: two }))).toEqual([])
  })

  test('when somebody deleted it, and it is in the trash', () => {
    ledger.removed(one, 'bert')
    expect(ledger.complaints(withHeld({ g: two }, one))).toEqual([])
  })

  test('when somebody did away with what had just come, unseen, and it is a version', () => {
    ledger.removedUnseen('bert')
    expect(ledger.complaints(withHeld({ g: two }, one))).toEqual([])
  })

  test('when it was written into what had just lost its name, and is in the safety trash', () => {
    ledger.savedAside(one)
    expect(ledger.complaints(found({ g: two }, { aside: new Set([one]) }))).toEqual([])
  })
})

describe('it complains', () => {
  test('of what is nowhere', () => {
    expect(ledger.complaints(found({ f: one }))).toEqual([expect.stringMatching(/^lost: .* saved by bert at g$/)])
  })

  test('of what somebody else than its writer had, and is nowhere', () => {
    ledger.removed(two, 'anna')
    expect(ledger.complaints(found({ f: one }))).toEqual([expect.stringContaining('removed by anna')])
  })

  test('of what the server had, although its writer deleted it', () => {
    ledger.removed(one, 'anna')
    ledger.acknowledged([one])
    expect(ledger.complaints(found({ g: two }, { aside: new Set([one]) }))).toEqual([
      expect.stringMatching(/^the server had /),
    ])
  })

  test('of what nobody deleted and is in no folder, though it can be had', () => {
    expect(ledger.complaints(withHeld({ g: two }, one))).toEqual([expect.stringContaining('it is in no folder')])
    expect(ledger.complaints(found({ g: two }, { aside: new Set([one]) }))).toEqual([
      expect.stringContaining('in no folder'),
    ])
  })

  test('of bytes that nobody saved', () => {
    const torn = hashOf(Buffer.from('on'))
    expect(ledger.complaints(found({ f: one, g: two, h: torn }))).toEqual(
      ['anna', 'bert', 'server'].map((name) => `nobody ever saved what ${name} has at h`),
    )
  })

  test('of trees that differ', () => {
    const tree = { f: one, g: two }
    const trees = { anna: tree, bert: { ...tree, 'd/': '' }, server: tree }
    expect(ledger.complaints(found(tree, { trees }))).toEqual([
      expect.stringMatching(/^d\/: nothing \(anna\), .*\(bert\)$/),
    ])
  })
})
