import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { send, type Account } from '../support/account.ts'
import { expectProblem } from '../support/problem.ts'
import { refusalWorld, testRefusals, type Refusal } from '../support/refusals.ts'

const world = refusalWorld()

/** Texts that a person cannot mean and a database cannot hold. */
const BAD_TEXTS: [what: string, text: string][] = [
  ['NUL', 'a\0b'],
  ['a line feed', 'a\nb'],
  ['an escape sequence', 'a\u001b[31mb'],
  ['a lone surrogate', 'a\ud800b'],
  ['a turn of the direction of writing', 'a\u202eb'],
  ['nothing', ''],
  ['only spaces', '   '],
  ['too much', 'x'.repeat(2_000)],
]

/** The places where identity takes a text from outside. */
const PLACES: [path: string, field: string, body: (text: string) => Record<string, unknown>][] = [
  ['/v1/tokens', 'name', (text) => ({ name: text })],
  ['/v1/members', 'displayName', (text) => ({ email: 'new@example.com', displayName: text })],
  ['/v1/members', 'email', (text) => ({ email: text, displayName: 'New' })],
  [
    '/v1/auth/sign-in',
    'deviceName',
    (text) => ({ email: world.owner.email, password: world.owner.password, deviceName: text }),
  ],
]

describe('HR-5 texts that identity takes', () => {
  testRefusals(
    world,
    PLACES.flatMap(([path, field, body]) =>
      BAD_TEXTS.map(([what, text]): Refusal => ({
        title: `${path}: ${field} with ${what}`,
        code: 'invalid-request',
        field,
        send: ({ owner }) => owner.call('POST', path, body(text)),
      })),
    ),
  )

  test.each(BAD_TEXTS)('a device that calls itself %s gets no code', async (_, name) => {
    const answer = await send(world.stack.url, 'POST', '/v1/auth/device', { device_name: name })
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test.each(['a\0b', 'a\ud800b', 'x'.repeat(2_000)])(
    'an address or a password like %j signs nobody in',
    async (text) => {
      const { email, password } = world.owner
      const tries = [
        { email: text, password },
        { email, password: text },
      ]
      for (const credentials of tries) {
        const answer = await send(world.stack.url, 'POST', '/v1/auth/sign-in', { ...credentials, deviceName: 'x' })
        expect([400, 401]).toContain(answer.status)
      }
    },
  )
})

describe('HR-8 T11 members and tokens of others', () => {
  const ways: [way: string, ask: (who: Account, id: string) => ReturnType<Account['call']>][] = [
    ['removing a member', (who, id) => who.call('DELETE', `/v1/members/${id}`)],
    ['revoking a token', (who, id) => who.call('DELETE', `/v1/tokens/${id}`)],
  ]
  test.each(ways)('%s of another tenant: as unknown', async (_, ask) => {
    const { owner, stranger } = world
    const token = await owner.call('POST', '/v1/tokens', { name: randomUUID() })
    const id = token.body.id as string
    for (const theirs of [owner.userId, id]) {
      const [answer, unknown] = [await ask(stranger, theirs), await ask(stranger, randomUUID())]
      expectProblem(answer, 'not-found')
      expect(answer.body).toEqual(unknown.body)
    }
    expect((await owner.call('GET', '/v1/whoami')).status).toBe(200)
    const listed = (await owner.call('GET', '/v1/tokens')).body.tokens as { id: string; revokedAt: unknown }[]
    expect(listed.find((one) => one.id === id)).toMatchObject({ revokedAt: null })
    expect(JSON.stringify((await stranger.call('GET', '/v1/tokens')).body)).not.toContain(id)
    expect(JSON.stringify((await stranger.call('GET', '/v1/members')).body)).not.toContain(owner.email)
  })
})
