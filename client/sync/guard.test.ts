import { expect, test } from 'vitest'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import type { Item, ItemContent } from '../../core/reconcile/item.ts'
import { createGuard, serverProof } from './guard.ts'

const file = (letter: string, executable = false): ItemContent => ({
  kind: 'file',
  sha256: letter.repeat(64) as Sha256,
  size: 3,
  executable,
})
const ID = 'n' as NodeId
const STAMP = { ino: '1', size: 3, mtimeNs: '0', ctimeNs: '0' }
const place = { parent: 'root' as NodeId, name: 'f' }

const item = (synced: ItemContent | null, remote: ItemContent | null): Item => ({
  id: ID,
  local: null,
  blocked: null,
  pending: null,
  synced: synced && {
    place,
    localName: 'f',
    content: synced,
    contentRevision: 1,
    placementRevision: 1,
    stamp: STAMP,
  },
  remote: remote && { place, content: remote, contentRevision: 2, placementRevision: 1, mtimeNs: null },
})

function asked(displaced: ItemContent | null, of: Item) {
  const told: string[] = []
  const guard = createGuard((detail) => told.push(detail))
  const verdict = guard.ask(of.id, displaced, serverProof(of, displaced))
  expect([guard.refusals(), told.length]).toEqual(verdict.is === 'refused' ? [1, 1] : [0, 0])
  return verdict.is
}

test('I1: bytes that the server has acknowledged may be displaced', () => {
  expect(asked(file('a'), item(file('a'), file('b')))).toBe('allowed')
  expect(asked(file('b'), item(file('a'), file('b')))).toBe('allowed')
  expect(asked(file('a', true), item(file('a'), null))).toBe('allowed')
})

test('I1: bytes that nobody else is known to hold may not', () => {
  expect(asked(file('c'), item(file('a'), file('b')))).toBe('refused')
  expect(asked(file('a'), item(null, null))).toBe('refused')
  expect(asked(null, item(file('a'), file('a')))).toBe('refused')
  expect(asked({ kind: 'symlink', target: 'x' }, item(file('a'), null))).toBe('refused')
})

test('I1: a proof of other bytes, or of a revision that never was, proves nothing', () => {
  const guard = createGuard(() => {})
  expect(guard.ask(ID, file('a'), { held: 'local', content: file('b') }).is).toBe('refused')
  expect(guard.ask(ID, file('a'), { held: 'local', content: file('a') }).is).toBe('allowed')
  expect(guard.ask(ID, file('c'), { held: 'server', content: file('c'), revision: 0 }).is).toBe('refused')
  expect(guard.refusals()).toBe(2)
})

test('an empty folder has no bytes', () => {
  expect(asked({ kind: 'folder' }, item(null, null))).toBe('allowed')
})

test('I1: what is tried again with the same bytes counts once, and is refused each time', () => {
  const guard = createGuard(() => {})
  const tries = [file('a'), file('a'), file('b'), null, null]
  expect(tries.map((displaced) => guard.ask(ID, displaced, { held: 'none' }).is)).toEqual(tries.map(() => 'refused'))
  expect(guard.refusals()).toBe(3)
})
