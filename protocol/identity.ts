import { z } from 'zod'

/** Wire shapes of identity. The token endpoint and device authorisation speak OAuth (snake_case, RFC 6749 and 8628); the rest speaks like the rest. */

export const GRANT_DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
export const GRANT_API_TOKEN = 'urn:bitvault:params:oauth:grant-type:api-token'

/** What the gateway hands to identity unread. */
const IDENTITY_PATHS =
  /^\/(?:setup|device|login|logout|password|\.well-known\/jwks\.json|v1\/(?:setup|whoami|tokens|members|auth))(?:\/|$)/

export const isIdentityPath = (pathname: string): boolean => IDENTITY_PATHS.test(pathname)

const secret = z.string().min(1).max(1024)
/**
 * What is shown to people, on pages and in terminals: no control characters, nothing that turns the direction of writing round,
 * and no half of a character, which the database could not hold.
 */
export const shownText = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, 'No control characters, please.')
export const label = shownText(100)

export const setupReply = z.object({ open: z.boolean() })

export const setupBody = z.object({
  token: z.string().max(256).default(''),
  organisation: label,
  name: label,
  email: secret,
  password: secret,
})
export const setupDone = z.object({ tenantId: z.string(), userId: z.string() })

export const signInBody = z.object({ email: secret, password: secret, deviceName: label })

/** RFC 6749, section 5.1. `expires_in` in seconds. */
export const tokenReply = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number(),
  refresh_token: z.string().optional(),
})

/** RFC 8628, section 3.1; `device_name` is ours. Further members, `client_id` and `scope`, are not looked at. */
export const deviceStartBody = z.object({ device_name: label.default('a device without a name') })
export const deviceStartReply = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  expires_in: z.number(),
  interval: z.number(),
})

export const tokenBody = z.discriminatedUnion('grant_type', [
  z.object({ grant_type: z.literal('refresh_token'), refresh_token: secret }),
  z.object({ grant_type: z.literal(GRANT_DEVICE_CODE), device_code: secret }),
  z.object({ grant_type: z.literal(GRANT_API_TOKEN), api_token: secret }),
])

/** RFC 6749, section 5.2, and RFC 8628, section 3.5. */
export const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_grant',
  'unsupported_grant_type',
  'authorization_pending',
  'slow_down',
  'access_denied',
  'expired_token',
  'temporarily_unavailable',
  'server_error',
] as const
export type OAuthError = (typeof OAUTH_ERRORS)[number]
export const oauthErrorReply = z.object({ error: z.enum(OAUTH_ERRORS), error_description: z.string().optional() })

const role = z.enum(['owner', 'admin', 'member'])
/** Times are ISO 8601, UTC. */
const time = z.string()

export const whoamiReply = z.object({
  userId: z.string(),
  email: z.string(),
  displayName: z.string(),
  tenantId: z.string(),
  tenantName: z.string(),
  role,
  session: z.object({
    id: z.string(),
    kind: z.enum(['device', 'browser', 'api-token']),
    deviceName: z.string(),
    createdAt: time,
    expiresAt: time,
  }),
})

export const createTokenBody = z.object({
  name: label,
  expiresInDays: z.int().min(1).max(366).default(90),
})
const apiToken = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  createdAt: time,
  expiresAt: time,
  lastUsedAt: time.nullable(),
  revokedAt: time.nullable(),
})
/** `token` is shown here once and never again. */
export const createTokenReply = apiToken.extend({ token: z.string() })
export const listTokensReply = z.object({ tokens: z.array(apiToken) })

export const addMemberBody = z.object({
  email: secret,
  displayName: label,
  role: role.exclude(['owner']).default('member'),
  password: secret.optional(),
})
/** `passwordLink`: to be handed over by the admin, good once; null when a password was given. */
export const addMemberReply = z.object({
  userId: z.string(),
  passwordLink: z.string().nullable(),
  linkExpiresAt: time.nullable(),
})
export const listMembersReply = z.object({
  members: z.array(
    z.object({
      userId: z.string(),
      email: z.string(),
      displayName: z.string(),
      role,
      joinedAt: time,
      /** No password yet. */
      invited: z.boolean(),
    }),
  ),
})
