import { Hono } from 'hono'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { isUuid, type UserId } from '../../../core/ids.ts'
import { findAccount } from '../../../db/system/identity/accounts.ts'
import { listApiTokens, type ApiTokenRow } from '../../../db/system/identity/api-tokens.ts'
import { addMemberBody, createTokenBody, setupBody, signInBody } from '../../../protocol/identity.ts'
import { problemResponse } from '../../../protocol/problem.ts'
import { createApiToken, dropApiToken } from '../api-tokens.ts'
import { endSession } from '../end-session.ts'
import { isSetupOpen, setUp } from '../first-run.ts'
import { startDeviceSession, tokensFor } from '../issue-tokens.ts'
import { addMember, dropMember, membersOf } from '../members.ts'
import { clientAddress } from '../scope.ts'
import { revokeByToken } from '../sign-out.ts'
import { signIn } from '../sign-in.ts'
import { check, readFormOrJson, readJson } from './body.ts'
import type { IdentityContext, IdentityEnv } from './identity-env.ts'
import { logFailure } from './log-failure.ts'
import { bearerSession, recentSession } from './who-asks.ts'

const NO_STORE = { 'cache-control': 'no-store' }
const iso = (time: Date): string => time.toISOString()

async function whoami(c: IdentityContext): Promise<Response> {
  const session = await bearerSession(c)
  const account = await findAccount(c.env.db, session.tenantId, session.userId)
  if (account === null) throw new AppError('session-revoked')
  const { sessionId: id, kind, deviceName, createdAt, absoluteExpiry } = session
  const about = { id, kind, deviceName, createdAt: iso(createdAt), expiresAt: iso(absoluteExpiry) }
  return c.json({ ...account, session: about }, 200, NO_STORE)
}

async function signInByPassword(c: IdentityContext): Promise<Response> {
  const { email, password, deviceName } = await readJson(c.req.raw, signInBody)
  const member = await signIn(c.env, { email, password, address: clientAddress(c.env, c.req.raw) })
  const { subject, refreshToken } = await c.env.db.begin((tx) =>
    startDeviceSession(c.env, tx, { ...member, deviceName }),
  )
  return c.json(await tokensFor(c.env, subject, { refreshToken }), 200, NO_STORE)
}

const revokeBody = z.object({ token: z.string().min(1).max(4096).optional() })

/** RFC 7009: by `token`, or without one the session of the bearer. Either way 200, whether or not there was anything to end. */
async function revoke(c: IdentityContext): Promise<Response> {
  const hasBody = (c.req.header('content-type') ?? '') !== ''
  const { token } = hasBody ? check(revokeBody, await readFormOrJson(c.req.raw)) : {}
  if (token !== undefined) await revokeByToken(c.env, token)
  else await endSession(c.env, await bearerSession(c))
  return c.json({}, 200, NO_STORE)
}

/** @throws not-found: a malformed id names nothing */
function idOf(c: IdentityContext): string {
  const id = c.req.param('id') ?? ''
  if (!isUuid(id)) throw new AppError('not-found')
  return id
}

const showToken = ({ createdAt, expiresAt, lastUsedAt, revokedAt, ...token }: ApiTokenRow) => ({
  ...token,
  createdAt: iso(createdAt),
  expiresAt: iso(expiresAt),
  lastUsedAt: lastUsedAt && iso(lastUsedAt),
  revokedAt: revokedAt && iso(revokedAt),
})

const tokenRoutes = new Hono<IdentityEnv>()
  .get('/', async (c) => {
    const { tenantId, userId } = await bearerSession(c)
    return c.json({ tokens: (await listApiTokens(c.env.db, tenantId, userId)).map(showToken) }, 200, NO_STORE)
  })
  .post('/', async (c) => {
    const owner = await recentSession(c)
    const { token, ...row } = await createApiToken(c.env, owner, await readJson(c.req.raw, createTokenBody))
    return c.json({ ...showToken(row), token }, 201, NO_STORE)
  })
  // Revoking takes away and opens nothing: no recent sign-in, so that a leak can be stopped at once.
  .delete('/:id', async (c) => {
    await dropApiToken(c.env, await bearerSession(c), idOf(c))
    return c.body(null, 204)
  })

const memberRoutes = new Hono<IdentityEnv>()
  .get('/', async (c) => {
    const members = await membersOf(c.env, await bearerSession(c))
    return c.json({ members: members.map((m) => ({ ...m, joinedAt: iso(m.joinedAt) })) }, 200, NO_STORE)
  })
  .post('/', async (c) => {
    const actor = await recentSession(c)
    const { linkExpiresAt, ...added } = await addMember(c.env, actor, await readJson(c.req.raw, addMemberBody))
    const until = linkExpiresAt === null ? null : iso(new Date(linkExpiresAt))
    return c.json({ ...added, linkExpiresAt: until }, 201, NO_STORE)
  })
  .delete('/:id', async (c) => {
    await dropMember(c.env, await recentSession(c), idOf(c) as UserId)
    return c.body(null, 204)
  })

/** JSON in, JSON out, RFC 9457 problems. */
export const apiRoutes = new Hono<IdentityEnv>()
  .get('/setup', async (c) => c.json({ open: await isSetupOpen(c.env) }, 200, NO_STORE))
  .post('/setup', async (c) => c.json(await setUp(c.env, await readJson(c.req.raw, setupBody)), 201, NO_STORE))
  .post('/auth/sign-in', signInByPassword)
  .post('/auth/revoke', revoke)
  .get('/auth/whoami', whoami)
  .get('/whoami', whoami)
  .route('/tokens', tokenRoutes)
  .route('/members', memberRoutes)
  .onError((thrown, c) => problemResponse(logFailure(c, thrown)))
