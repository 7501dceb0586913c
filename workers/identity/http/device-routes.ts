import { Hono } from 'hono'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { findAccount, type Account } from '../../../db/system/identity/accounts.ts'
import type { DeviceCodeRow } from '../../../db/system/identity/device-codes.ts'
import { decideUserCode, lookUpUserCode } from '../device-authorisation.ts'
import { messagePage } from '../pages/account-pages.ts'
import { codePage, consentPage, type Consent } from '../pages/device-pages.ts'
import { clientAddress } from '../scope.ts'
import { check } from './body.ts'
import { readGuardedForm } from './form-guard.ts'
import type { IdentityContext, IdentityEnv } from './identity-env.ts'
import { freshForm, refusedForm, show } from './show.ts'
import { browserSession } from './who-asks.ts'

const deviceForm = z.object({ code: z.string().max(64), decision: z.enum(['approve', 'deny']).optional() })

/** Only a browser that signed in with a password gets here: no device can let another one in. */
async function signedIn(c: IdentityContext): Promise<Account | null> {
  const session = await browserSession(c)
  return session && findAccount(c.env.db, session.tenantId, session.userId)
}

const toLogin = (c: IdentityContext): Response => c.redirect('/login?next=/device', 303)

/** Two steps on one page: the code, then the question. The code of the second step is looked up and limited like the first. */
export const deviceRoutes = new Hono<IdentityEnv>()
  .get('/', async (c) => {
    const account = await signedIn(c)
    return account === null ? toLogin(c) : show(c, codePage(freshForm(c), account))
  })
  .post('/', async (c) => {
    const account = await signedIn(c)
    if (account === null) return toLogin(c)
    const fields = await readGuardedForm(c)
    try {
      return await step(c, account, check(deviceForm, fields))
    } catch (thrown) {
      const onCode = thrown instanceof AppError && thrown.code === 'too-many-requests' ? fieldError(thrown) : thrown
      return show(c, codePage(refusedForm(c, fields, onCode), account), onCode)
    }
  })

async function step(c: IdentityContext, account: Account, form: z.infer<typeof deviceForm>): Promise<Response> {
  const member = { tenantId: account.tenantId, userId: account.userId }
  if (form.decision === undefined) {
    const { userCode, code } = await lookUpUserCode(c.env, form.code, member)
    return show(c, consentPage(freshForm(c), consentOf(c, userCode, code), account))
  }
  const approve = form.decision === 'approve'
  await decideUserCode(c.env, { typed: form.code, approve, member })
  return show(c, approve ? approvedPage() : deniedPage())
}

const consentOf = (c: IdentityContext, userCode: string, code: DeviceCodeRow): Consent => ({
  userCode,
  deviceName: code.deviceName,
  askedAgo: ago(c.env.now() - code.createdAt),
  deviceAddress: code.clientAddress,
  browserAddress: clientAddress(c.env, c.req.raw),
})

function ago(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / 60_000)
  if (minutes === 0) return 'less than a minute ago'
  return minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`
}

const fieldError = ({ code, facts }: AppError) => new AppError(code, { ...facts, field: 'code' })

const approvedPage = () =>
  messagePage('Device connected', 'It is signed in now. You can close this page and go back to it.', null)
const deniedPage = () =>
  messagePage(
    'Denied',
    'The device was not let in. If somebody else gave you that code, they may have been trying to get at your files.',
    null,
  )
