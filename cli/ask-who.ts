import type { z } from 'zod'
import type { Api } from '../client/api.ts'
import { whoamiReply } from '../protocol/identity.ts'

export type Account = z.infer<typeof whoamiReply>

/** Who the access token speaks for; it also tells whether the session still stands. */
export const askWho = (api: Api): Promise<Account> =>
  api.transport.call({
    method: 'GET',
    route: '/v1/auth/whoami',
    path: '/v1/auth/whoami',
    parse: (json) => whoamiReply.parse(json),
  })

/** `Ada Lovelace <ada@acme.example>` */
export const describeAccount = ({ displayName, email }: Account): string => `${displayName} <${email}>`
