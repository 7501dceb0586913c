import { Hono } from 'hono'
import { AppError } from '../../core/errors.ts'
import { problemResponse } from '../../protocol/problem.ts'
import { apiRoutes } from './http/api-routes.ts'
import { deviceRoutes } from './http/device-routes.ts'
import type { IdentityEnv } from './http/identity-env.ts'
import { pageRoutes } from './http/page-routes.ts'
import { demandSameOrigin, refuseForeign } from './http/same-origin.ts'
import { showFailure } from './http/show.ts'
import { tokenEndpoint } from './http/token-endpoint.ts'

/*
 * Everything about who somebody is, behind an entrypoint of its own: pages for people, JSON and OAuth for programs.
 *
 *   const response = await identityApp.fetch(request, scope)
 */
const JWKS_HEADERS = { 'cache-control': 'public, max-age=300' }

const unknown = () => new AppError('not-found', { detail: 'There is no such address.' })

const api = new Hono<IdentityEnv>()
  .use(refuseForeign)
  .onError((thrown) =>
    problemResponse(thrown instanceof AppError ? thrown : new AppError('internal', {}, { cause: thrown })),
  )
  .route('/auth', tokenEndpoint)
  .route('/', apiRoutes)

const pages = new Hono<IdentityEnv>().use(demandSameOrigin).route('/', pageRoutes).route('/device', deviceRoutes)

export const identityApp = new Hono<IdentityEnv>()
  .get('/.well-known/jwks.json', (c) => c.json(c.env.keys.jwks, 200, JWKS_HEADERS))
  .route('/v1', api)
  .all('/v1/*', () => problemResponse(unknown()))
  .route('/', pages)
  .notFound((c) => showFailure(unknown(), c))
  .onError((thrown, c) => showFailure(thrown, c))
