import { Hono } from 'hono'
import { z } from 'zod'
import { BROWSER_SESSION_MS } from '../../../core/identity/refresh.ts'
import { AppError } from '../../../core/errors.ts'
import { findAccount } from '../../../db/system/identity/accounts.ts'
import { setupBody } from '../../../protocol/identity.ts'
import { endSession } from '../end-session.ts'
import { demandSetup, setUp } from '../first-run.ts'
import { startBrowserSession } from '../issue-tokens.ts'
import { acceptInvitation, demandPasswordLink } from '../members.ts'
import { accountPage, loginPage, messagePage, passwordPage, setupPage } from '../pages/account-pages.ts'
import { clientAddress } from '../scope.ts'
import { signIn, type Member } from '../sign-in.ts'
import { check } from './body.ts'
import { clearCookie, setCookie } from './cookies.ts'
import { readGuardedForm } from './form-guard.ts'
import type { IdentityContext, IdentityEnv } from './identity-env.ts'
import { freshForm, refusedForm, show } from './show.ts'
import { browserSession } from './who-asks.ts'

async function enter(c: IdentityContext, member: Member, next: string): Promise<Response> {
  const before = await browserSession(c)
  if (before !== null) await endSession(c.env, before)
  setCookie(c, 'session', await startBrowserSession(c.env, member), BROWSER_SESSION_MS / 1000)
  return c.redirect(next, 303)
}

const setupRoutes = new Hono<IdentityEnv>()
  .get('/', async (c) => {
    const token = c.req.query('token') ?? ''
    await demandSetup(c.env, token)
    return show(c, setupPage(freshForm(c), token))
  })
  .post('/', async (c) => {
    const fields = await readGuardedForm(c)
    try {
      return await enter(c, await setUp(c.env, check(setupBody, fields)), '/login')
    } catch (thrown) {
      // Before anything typed is repeated, the token is looked at once more: a closed door shows no form.
      await demandSetup(c.env, fields['token'] ?? '')
      return show(c, setupPage(refusedForm(c, fields, thrown), fields['token'] ?? ''), thrown)
    }
  })

const loginForm = z.object({
  email: z.string().max(1024),
  password: z.string().max(1024),
  next: z.string().default(''),
})
/** Where a sign-in may lead: nowhere but to our own pages. */
const safeNext = (next: string | undefined): string => (next === '/device' ? next : '/login')

const loginRoutes = new Hono<IdentityEnv>()
  .get('/', async (c) => {
    const session = await browserSession(c)
    const account = session && (await findAccount(c.env.db, session.tenantId, session.userId))
    if (account === null) return show(c, loginPage(freshForm(c), safeNext(c.req.query('next'))))
    return show(c, accountPage(freshForm(c), account, c.env.publicUrl))
  })
  .post('/', async (c) => {
    const fields = await readGuardedForm(c)
    const next = safeNext(fields['next'])
    try {
      const { email, password } = check(loginForm, fields)
      return await enter(c, await signIn(c.env, { email, password, address: clientAddress(c.env, c.req.raw) }), next)
    } catch (thrown) {
      return show(c, loginPage(refusedForm(c, fields, thrown), next), thrown)
    }
  })

const logoutRoutes = new Hono<IdentityEnv>()
  .get('/', (c) => c.redirect('/login', 303))
  .post('/', async (c) => {
    await readGuardedForm(c)
    const session = await browserSession(c)
    if (session !== null) await endSession(c.env, session)
    clearCookie(c, 'session')
    return c.redirect('/login', 303)
  })

const passwordForm = z.object({ token: z.string().max(256), password: z.string().max(1024) })

const passwordRoutes = new Hono<IdentityEnv>()
  .get('/', async (c) => {
    const token = c.req.query('token') ?? ''
    const { email } = await demandPasswordLink(c.env, token)
    return show(c, passwordPage(freshForm(c), token, email))
  })
  .post('/', async (c) => {
    const fields = await readGuardedForm(c)
    const { token, password } = check(passwordForm, fields)
    const { email } = await demandPasswordLink(c.env, token)
    try {
      await acceptInvitation(c.env, token, password)
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'not-found') throw thrown
      return show(c, passwordPage(refusedForm(c, fields, thrown), token, email), thrown)
    }
    return show(
      c,
      messagePage('Your password is set', 'You can sign in with it now.', { href: '/login', label: 'Sign in' }),
    )
  })

export const pageRoutes = new Hono<IdentityEnv>()
  .route('/setup', setupRoutes)
  .route('/login', loginRoutes)
  .route('/logout', logoutRoutes)
  .route('/password', passwordRoutes)
