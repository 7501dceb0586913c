import { Hono } from 'hono'
import { AppError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import { openStore, readConfig, type Config } from '../../durable-objects/config.ts'
import { faultsOf } from '../../durable-objects/faults.ts'
import { metrics } from '../../durable-objects/metrics.ts'
import { telemetryOf, type Telemetry } from '../../durable-objects/telemetry.ts'
import { statusClass } from '../../telemetry/product-metrics.ts'
import type { ObjectStore } from '../../core/object-store.ts'
import { isIdentityPath } from '../../protocol/identity.ts'
import { asAppError, problemResponse } from '../../protocol/problem.ts'
import { ROUTES, type Route, type RouteName } from '../../protocol/routes.ts'
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from '../../protocol/version.ts'
import type { Span } from '../../telemetry/tracer.ts'
import { changes } from '../sync/changes.ts'
import * as devices from '../sync/devices.ts'
import { live } from '../sync/live.ts'
import { snapshot } from '../sync/snapshot.ts'
import { push } from '../sync/push.ts'
import { authenticator, type Authenticator } from './authenticate.ts'
import * as browse from './browse.ts'
import type { Call } from './call.ts'
import { commitBatch, commitUpload } from './commit-upload.ts'
import * as conflicts from './conflicts.ts'
import { content, contents } from './content.ts'
import * as folders from './folders.ts'
import { initUpload } from './init-upload.ts'
import * as nodes from './nodes.ts'
import * as operations from './operations.ts'
import { parseWith } from './read-body.ts'
import { setSpace } from './space-settings.ts'
import { trash } from './trash.ts'
import * as uploads from './uploads.ts'
import * as versions from './versions.ts'

type Handler = (call: Call) => Promise<Response>

/** One handler for each route of the table: a route without one does not compile, nor a handler without its route. */
const HANDLERS: Record<RouteName, Handler> = {
  spaces: browse.spaces,
  resolve: browse.resolve,
  stat: browse.stat,
  children: browse.children,
  content,
  contents,
  createFolder: folders.createFolder,
  createFolders: folders.createFolders,
  move: nodes.move,
  copy: nodes.copy,
  moveToTrash: nodes.moveToTrash,
  restore: nodes.restore,
  purge: nodes.purge,
  setAttributes: nodes.setAttributes,
  createSymlink: nodes.createSymlink,
  versions: versions.versions,
  labelVersion: versions.labelVersion,
  restoreVersion: versions.restoreVersion,
  trash,
  conflicts: conflicts.conflicts,
  conflict: conflicts.conflict,
  conflictContent: conflicts.conflictContent,
  resolveConflict: conflicts.resolveConflict,
  setSpace,
  push,
  initUpload,
  commitBatch,
  commitUpload,
  uploadStatus: uploads.uploadStatus,
  uploadObjects: uploads.uploadObjects,
  abortUpload: uploads.abortUpload,
  changes,
  snapshot,
  live,
  registerDevice: devices.registerDevice,
  devices: devices.devices,
  reportDevice: devices.reportDevice,
  revokeDevice: devices.revokeDevice,
  trace: operations.trace,
  openapi: operations.openapi,
  health: operations.health,
  ready: operations.ready,
  metrics: operations.metrics,
}

/** What an isolate keeps between requests: nothing of a tenant or a request (T27). */
type Shared = { config: Config; store: ObjectStore; telemetry: Telemetry; authenticate: Authenticator }
let shared: Shared | null = null

function share(env: Env): Shared {
  if (shared) return shared
  const config = readConfig(env)
  return (shared = {
    config,
    store: openStore(config),
    telemetry: telemetryOf('gateway', config),
    authenticate: authenticator(config.publicUrl),
  })
}

export function gatewayApp(): Hono<{ Bindings: Env }> {
  const app = new Hono<{ Bindings: Env }>()
  // A person who comes by browser is led to where people sign in; files have no screen here yet.
  app.get('/', (c) => c.redirect('/login'))
  // Answered by the identity module behind its own entrypoint, never here.
  app.use(async (c, next) => (isIdentityPath(c.req.path) ? c.env.IDENTITY.fetch(c.req.raw) : next()))
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, Route][]) {
    app.on(route.method.toUpperCase(), route.path, (c) => answer(route, HANDLERS[name], c))
  }
  // A known address with another method says so; anything else does not exist. Fixed addresses come before patterns.
  const paths = new Set(Object.values(ROUTES).map((route) => route.path))
  for (const path of [...paths].toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')))) {
    app.all(path, () => problemResponse(new AppError('method-not-allowed'), { allow: methodsOf(path) }))
  }
  app.notFound(() => problemResponse(new AppError('not-found', { detail: 'no such address' })))
  app.onError((error) => problemResponse(asAppError(error)))
  return app
}

const methodsOf = (path: string): string =>
  Object.values(ROUTES)
    .filter((route) => route.path === path)
    .map((route) => route.method.toUpperCase())
    .join(', ')

type HonoCall = {
  env: Env
  req: { raw: Request; param(): Record<string, string> }
  executionCtx: { waitUntil(work: Promise<unknown>): void }
}

/** One request: authenticate as the route's policy says, trace, parse the query, handle, map errors, count. */
async function answer(route: Route, handler: Handler, c: HonoCall): Promise<Response> {
  const known = share(c.env)
  const { telemetry } = known
  const startedAt = Date.now()
  const template = route.path.replace(/:(\w+)/g, '{$1}')
  const { method } = c.req.raw
  const asker = route.policy === 'member' ? await identify(known, c) : NOBODY
  const work = async (span: Span): Promise<Response> => {
    try {
      if (asker instanceof AppError) throw asker
      return statusOn(span, await handler(callOf(c, { ...known, span, principal: asker, now: startedAt }, route)))
    } catch (thrown) {
      return statusOn(span, failed(span, telemetry, asAppError(thrown), template))
    }
  }
  // A caller decides on its own traces; a stranger's are not written down, or anyone could fill the collector.
  const parent = c.req.raw.headers.get('traceparent')
  const isTraced = parent !== null && route.policy === 'member' && !(asker instanceof AppError)
  const attributes = { 'http.request.method': method, 'http.route': template }
  const options = { parent: isTraced ? parent : UNTRACED, kind: 'server', attributes } as const
  const response = await telemetry.tracer.span(`${method} ${template}`, options, work)
  const { requests, requestDuration } = metrics().product
  requests.add({ route: route.path, status: statusClass(response.status) })
  requestDuration.observe({ route: route.path }, (Date.now() - startedAt) / 1000)
  if (isTraced) c.executionCtx.waitUntil(telemetry.flush())
  return withProtocol(response)
}

/** The asker, or why there is none: told only after the route is known to exist. */
const identify = ({ authenticate }: Shared, c: HonoCall): Promise<Principal | AppError> =>
  authenticate(c.req.raw, c.env).catch(asAppError)

function statusOn(span: Span, response: Response): Response {
  span.set('http.response.status_code', response.status)
  return response
}

/** A request that brings no trace starts none: sampling is the caller's decision. */
const UNTRACED = { traceId: '0'.repeat(31) + '1', spanId: '0'.repeat(15) + '1', sampled: false }
const NOBODY = null as unknown as Principal

function callOf(c: HonoCall, known: Shared & { span: Span; principal: Principal; now: number }, route: Route): Call {
  const url = new URL(c.req.raw.url)
  const { config, store, span, principal, now } = known
  return {
    env: c.env,
    config,
    store,
    span,
    principal,
    now,
    request: c.req.raw,
    url,
    params: c.req.param(),
    query: route.query ? (parseWith(route.query, Object.fromEntries(url.searchParams)) as Record<string, unknown>) : {},
    faults: faultsOf(c.env),
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  }
}

function failed(span: Span, telemetry: Telemetry, error: AppError, route: string): Response {
  span.fail(error.code)
  if (error.code === 'internal' || error.code === 'store-unavailable' || error.code === 'database-unavailable') {
    telemetry.log.error('request.failed', error.code, error.cause ?? error, { route })
  }
  return problemResponse(error)
}

/** The runtime sends no Date by itself (RFC 9110, section 6.6.1): clients tell by it how far their clock is off. */
function withProtocol(response: Response): Response {
  response.headers.set(PROTOCOL_HEADER, String(PROTOCOL_VERSION))
  response.headers.set('date', new Date().toUTCString())
  return response
}
