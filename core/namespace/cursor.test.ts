import { createHash, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import type { NodeId, SpaceId, TenantId, UserId } from '../ids.ts'
import {
  CURSOR_MAX_LENGTH,
  formatCursor,
  formatSnapshotToken,
  isOneEpoch,
  parseCursor,
  parseSnapshotToken,
  requireWithin,
  type Holder,
} from './cursor.ts'

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
const holder: Holder = { tenant: randomUUID() as TenantId, user: randomUUID() as UserId, device: randomUUID() }
const others: [string, Holder][] = [
  ['tenant', { ...holder, tenant: randomUUID() as TenantId }],
  ['user', { ...holder, user: randomUUID() as UserId }],
  ['device', { ...holder, device: randomUUID() }],
  ['client that is no device', { ...holder, device: null }],
]
const epoch = randomUUID()
const seqs = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

function codeOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error instanceof AppError ? { code: error.code, ...error.facts } : error
  }
  return 'nothing was thrown'
}

describe('FD-1 a cursor', () => {
  test('comes back as it was, and fits', () => {
    fc.assert(
      fc.property(fc.uuid(), seqs, (epoch, seq) => {
        const text = formatCursor({ epoch, seq }, holder, hash)
        expect(text.length).toBeLessThanOrEqual(CURSOR_MAX_LENGTH)
        expect(parseCursor(text, holder, hash)).toEqual({ epoch, seq })
      }),
      { seed: 1 },
    )
  })

  test.each(others)('of another %s is cursor-invalid', (_, other) => {
    const text = formatCursor({ epoch: randomUUID(), seq: 7 }, other, hash)
    expect(codeOf(() => parseCursor(text, holder, hash))).toMatchObject({ code: 'cursor-invalid', field: 'cursor' })
  })

  test('with any one character changed is cursor-invalid', () => {
    const text = formatCursor({ epoch: randomUUID(), seq: 123_456 }, holder, hash)
    for (let at = 0; at < text.length; at++) {
      const edited = text.slice(0, at) + (text[at] === '1' ? '2' : '1') + text.slice(at + 1)
      expect(
        codeOf(() => parseCursor(edited, holder, hash)),
        edited,
      ).toMatchObject({ code: 'cursor-invalid' })
    }
  })

  test.each([
    '',
    'x',
    'a.b',
    '..',
    '0',
    'null',
    '\0',
    `${randomUUID()}.0`,
    `${randomUUID()}.zzzzzzzzzzzz.0123456789ab`,
  ])('malformed, %j, is cursor-invalid', (text) => {
    expect(codeOf(() => parseCursor(text, holder, hash))).toMatchObject({ code: 'cursor-invalid' })
  })
})

describe('FD-6 a place in a snapshot', () => {
  const place = { epoch: randomUUID(), seq: 99, after: randomUUID() as NodeId, space: randomUUID() as SpaceId }

  test('comes back as it was, and fits', () => {
    const text = formatSnapshotToken(place, holder, hash)
    expect(text.length).toBeLessThanOrEqual(CURSOR_MAX_LENGTH)
    expect(parseSnapshotToken(text, place.space, holder, hash)).toEqual(place)
  })

  test.each(others)('of another %s is cursor-invalid', (_, other) => {
    const text = formatSnapshotToken(place, other, hash)
    expect(codeOf(() => parseSnapshotToken(text, place.space, holder, hash))).toMatchObject({ code: 'cursor-invalid' })
  })

  test('is of the space that it began with, and no cursor', () => {
    const text = formatSnapshotToken(place, holder, hash)
    expect(codeOf(() => parseSnapshotToken(text, null, holder, hash))).toMatchObject({ code: 'cursor-invalid' })
    expect(codeOf(() => parseCursor(text, holder, hash))).toMatchObject({ code: 'cursor-invalid' })
    const cursor = formatCursor(place, holder, hash)
    expect(codeOf(() => parseSnapshotToken(cursor, null, holder, hash))).toMatchObject({ code: 'cursor-invalid' })
  })
})

describe('FD-2 where the journal can go on', () => {
  const reach = { epoch: 'this', seq: 20, horizon: 10 }
  test.each([
    ['this', 10, null],
    ['this', 20, null],
    ['this', 9, 'horizon'],
    ['this', 21, 'ahead'],
    ['other', 15, 'epoch'],
    ['other', 99, 'epoch'],
  ])('epoch %s, after %i: %s', (epoch, seq, reason) => {
    const told = codeOf(() => requireWithin({ epoch, seq }, reach))
    if (reason === null) expect(told).toBe('nothing was thrown')
    else expect(told).toMatchObject({ code: 'resync-required', reason, snapshot: '/v1/sync/snapshot' })
  })
})

test.each([
  [true, formatCursor({ epoch, seq: 1 }, holder, hash), formatCursor({ epoch, seq: 9 }, others[0]![1], hash)],
  [false, formatCursor({ epoch, seq: 1 }, holder, hash), formatCursor({ epoch: randomUUID(), seq: 1 }, holder, hash)],
  [false, null, formatCursor({ epoch, seq: 1 }, holder, hash)],
  [false, '', ''],
])('FD-13 one epoch: %s', (isOne, a, b) => expect(isOneEpoch(a, b)).toBe(isOne))
