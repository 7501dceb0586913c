import type { MiddlewareHandler } from 'hono'
import { AppError } from '../../../core/errors.ts'
import type { IdentityEnv } from './identity-env.ts'

/*
 * Cross-site requests (T20). The API takes no cookie, so for it a foreign `Origin` is refused only to be sure; the pages do,
 * so their forms must prove where they come from: by `Origin`, or by `Sec-Fetch-Site` where a browser leaves it out, and
 * by the token in the form (form-guard.ts).
 */
const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD'

const isForeign = (request: Request, publicUrl: string): boolean => {
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  return (
    (origin !== null && origin !== new URL(publicUrl).origin) ||
    (site !== null && site !== 'same-origin' && site !== 'none')
  )
}

/** For the API: a browser elsewhere is refused, a program that sends neither header is not. */
export const refuseForeign: MiddlewareHandler<IdentityEnv> = async (c, next) => {
  if (!isSafe(c.req.method) && isForeign(c.req.raw, c.env.publicUrl)) throw foreign(c.env.publicUrl)
  await next()
}

/** For forms: the browser must say that it comes from our own pages. */
export const demandSameOrigin: MiddlewareHandler<IdentityEnv> = async (c, next) => {
  if (!isSafe(c.req.method)) {
    const isSilent = c.req.header('origin') === undefined && c.req.header('sec-fetch-site') !== 'same-origin'
    if (isSilent || isForeign(c.req.raw, c.env.publicUrl)) throw foreign(c.env.publicUrl)
  }
  await next()
}

const foreign = (publicUrl: string) =>
  new AppError('forbidden', {
    detail: `This form was not sent from ${new URL(publicUrl).origin}. Open the page there and try again.`,
  })
