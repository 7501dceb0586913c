import { expect, test } from 'vitest'
import { z } from 'zod'
import { inWords } from './issue-words.ts'

const own = z.string().regex(/^a$/, 'an a')
const told = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value, { error: inWords }).error?.issues[0]?.message

test.each([
  ['nothing', z.string(), undefined, 'it is missing'],
  ['another type', z.string(), 3, 'text is wanted'],
  ['no number', z.coerce.number(), 'x', 'a number is wanted'],
  ['half a number', z.int(), 1.5, 'a whole number is wanted'],
  ['a list for an object', z.strictObject({}), [], 'an object is wanted'],
  ['an object for a list', z.array(z.string()), {}, 'a list is wanted'],
  ['no yes or no', z.boolean(), 'yes', 'true or false is wanted'],
  ['an empty text', z.string().min(1), '', 'it must not be empty'],
  ['a short text', z.string().min(12), 'x', 'at least 12 characters'],
  ['a long text', z.string().max(1), 'xy', 'at most 1 character'],
  ['an empty list', z.array(z.string()).min(1), [], 'it must not be empty'],
  ['a long list', z.array(z.string()).max(1), ['a', 'b'], 'at most 1'],
  ['a small number', z.int().min(0), -1, 'at least 0'],
  ['a large number', z.int().max(1_000), 1_001, 'at most 1000'],
  ['a number that no number can hold', z.int(), 2 ** 60, 'at most 9007199254740991'],
  ['another form', z.string().regex(/^\d+$/), 'x', 'it has another form'],
  ['no base64', z.base64(), '#', 'base64 is wanted'],
  ['none of these', z.enum(['mine', 'theirs']), 'x', 'one of "mine", "theirs"'],
  ['an unknown kind', z.discriminatedUnion('k', [z.object({ k: z.literal('a') })]), { k: 'b' }, 'one of "a"'],
  ['a stranger', z.strictObject({}), { sudo: true }, 'there is no such member'],
  ['a bad key', z.record(z.string().min(1), z.string()), { '': 'x' }, 'its name: it must not be empty'],
  ['what the schema says itself', own, 'b', 'an a'],
])('HR-1 %s', (_, schema, value, words) => expect(told(schema, value)).toBe(words))
