import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { API_TOKEN_RANDOM_BYTES, isApiToken, makeApiToken } from './api-token.ts'
import { normaliseEmail } from './email.ts'
import { acceptPassword } from './password-policy.ts'
import { mayManage, type Role } from './roles.ts'
import { secretText } from './secret-text.ts'

const refusal = (work: () => unknown): string | undefined => {
  try {
    work()
  } catch (error) {
    if (error instanceof AppError) return `${error.code} ${error.facts.field}`
    throw error
  }
  return undefined
}

describe('password policy', () => {
  test.each([
    '',
    'nine char',
    '         ',
    'aaaaaaaaaaaa',
    'ababababab',
    'x'.repeat(257),
    'x'.repeat(5000),
    'ME@example.com',
  ])('%j is refused', (password) =>
    expect(refusal(() => acceptPassword(password, 'me@example.com'))).toBe('invalid-request password'),
  )
  test.each(['ten chars!', 'no digits at all', 'пароль длинный', '🔑🚪🪟🔑🚪🪟🔑🚪🪟🔑', `ab${'c'.repeat(254)}`])(
    '%j is accepted',
    (password) => expect(acceptPassword(password, 'me@example.com')).toBe(password.normalize('NFKC')),
  )
  test('forms of the same text are the same password', () => {
    expect(acceptPassword('cafe\u0301 au lait', '')).toBe(acceptPassword('caf\u00e9 au lait', ''))
  })
})

describe('e-mail addresses', () => {
  test('one spelling', () => expect(normaliseEmail('  Ada@Example.COM ')).toBe('ada@example.com'))
  test.each(['', '@', 'a@', '@b', 'a b@c', 'a@b@c', 'a@.b', 'a\u0000@b', 'a@b\nc', `a@${'b'.repeat(260)}`])(
    '%j is refused',
    (email) => expect(refusal(() => normaliseEmail(email))).toBe('invalid-request email'),
  )
  test('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (email) => {
        const once = normaliseEmail(email)
        expect(normaliseEmail(once)).toBe(once)
      }),
      { seed: 1 },
    )
  })
})

describe('API tokens', () => {
  test('what is made is recognised; its prefix is its own', () => {
    const random = fc.uint8Array({ minLength: API_TOKEN_RANDOM_BYTES, maxLength: API_TOKEN_RANDOM_BYTES })
    fc.assert(
      fc.property(random, (bytes) => {
        const { token, prefix } = makeApiToken(bytes)
        expect(isApiToken(token)).toBe(true)
        expect(token.startsWith(`bvt_${prefix}_`)).toBe(true)
      }),
      { seed: 2 },
    )
  })
  test.each(['', 'bvt_', 'bvt_abcdefgh_short', `bvr_${'a'.repeat(32)}`, `bvt_abcdefgh_${'a'.repeat(33)}`])(
    '%j is none',
    (text) => expect(isApiToken(text)).toBe(false),
  )
  test('every byte counts for five bits', () => {
    expect(new Set(Array.from({ length: 256 }, (_, i) => secretText(new Uint8Array([i])))).size).toBe(32)
  })
})

describe('who manages whom', () => {
  test.each<[Role, Role, boolean]>([
    ['owner', 'owner', true],
    ['owner', 'admin', true],
    ['owner', 'member', true],
    ['admin', 'owner', false],
    ['admin', 'admin', false],
    ['admin', 'member', true],
    ['member', 'member', false],
  ])('%s over %s: %s', (actor, target, may) => expect(mayManage(actor, target)).toBe(may))
})
