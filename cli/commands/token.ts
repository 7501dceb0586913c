import type { Api } from '../../client/api.ts'
import type { z } from 'zod'
import { createTokenReply, listTokensReply } from '../../protocol/identity.ts'
import { AppError } from '../../core/errors.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { formatTime } from '../text/quantity.ts'
import { alignColumns } from '../text/table.ts'
import type { World } from '../world.ts'

type Token = z.infer<typeof listTokensReply>['tokens'][number]

const SEEN_ONCE = 'Keep it somewhere safe: it is shown this once.'

export const tokenCreate = (call: Call<{ days: number | undefined }>, world: World): Promise<ExitCode> =>
  withConnection('token-create', call, world, async ({ api }, say) => {
    const { days } = call.options
    const body = { name: call.args[0] ?? '', ...(days === undefined ? {} : { expiresInDays: days }) }
    const made = await api.transport.call({
      method: 'POST',
      route: '/v1/tokens',
      path: '/v1/tokens',
      body,
      parse: createTokenReply.parse,
    })
    await say.json(made)
    await say.lines([made.token])
    await say.note(SEEN_ONCE)
    return EXIT.ok
  })

export const tokenList = (call: Call, world: World): Promise<ExitCode> =>
  withConnection('token-list', call, world, async ({ api }, say) => {
    const tokens = await listTokens(api)
    await say.json({ tokens })
    const rows = tokens.map((token) => [
      token.id,
      say.name(token.name),
      `made ${day(token.createdAt)}`,
      token.revokedAt === null ? `until ${day(token.expiresAt)}` : `revoked ${day(token.revokedAt)}`,
      token.lastUsedAt === null ? 'never used' : `used ${formatTime(Date.parse(token.lastUsedAt))}`,
    ])
    await say.lines(alignColumns(rows, ['left', 'left', 'left', 'left', 'left']))
    if (tokens.length === 0) await say.done('There are no API tokens.')
    return EXIT.ok
  })

export const tokenRevoke = (call: Call, world: World): Promise<ExitCode> =>
  withConnection('token-revoke', call, world, async ({ api }, say) => {
    const named = call.args[0] ?? ''
    const id = await findToken(api, named)
    await api.transport.call({
      method: 'DELETE',
      route: '/v1/tokens/{id}',
      path: `/v1/tokens/${id}`,
      parse: () => undefined,
    })
    await say.json({ id, revoked: true })
    await say.done(`Revoked ${say.name(named)}.`)
    return EXIT.ok
  })

/** ISO 8601 as this computer's date. */
const day = (iso: string): string => formatTime(Date.parse(iso)).slice(0, 10)

/** By id, or by a name that only one has. */
async function findToken(api: Api, named: string): Promise<string> {
  const tokens = await listTokens(api)
  const found = tokens.filter(
    ({ id, name, prefix, revokedAt }) => id === named || (revokedAt === null && (name === named || prefix === named)),
  )
  if (found.length > 1) throw usageError(`${found.length} tokens are called “${named}”: name one by its id`)
  if (found[0] !== undefined) return found[0].id
  throw new CliError(
    {
      code: 'not-found',
      exit: EXIT.notFound,
      message: `there is no token “${named}”`,
      next: 'Look with: bitvault token list',
    },
    { cause: new AppError('not-found') },
  )
}

const listTokens = (api: Api): Promise<Token[]> =>
  api.transport.call({
    method: 'GET',
    route: '/v1/tokens',
    path: '/v1/tokens',
    parse: (json) => listTokensReply.parse(json).tokens,
  })
