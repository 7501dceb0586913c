import { AppError } from '../../core/errors.ts'
import { openApiDocument } from '../../protocol/openapi.ts'
import { OPENMETRICS_CONTENT_TYPE } from '../../telemetry/metrics.ts'
import { connect } from '../../db/connect.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { json, reader, type Call } from './call.ts'
import { metrics as counted } from '../../durable-objects/metrics.ts'

/** The process lives. Here the outbox's pump is woken after a start: an alarm then keeps it going by itself. */
export async function health(call: Call): Promise<Response> {
  call.waitUntil(
    call.env.OUTBOX_PUMP.getByName('pump')
      .poke()
      .catch(() => undefined),
  )
  return json({ status: 'ok' })
}

/** Both hard dependencies answer. @throws database-unavailable, store-unavailable */
export async function ready(call: Call): Promise<Response> {
  const db = connect(call.config.databaseUrl, { max: 1, name: 'bitvault-ready' })
  try {
    await db`select 1`
  } catch (cause) {
    throw new AppError('database-unavailable', { retryAfterMs: 2000 }, { cause })
  } finally {
    call.waitUntil(db.end({ timeout: 1 }).catch(() => undefined))
  }
  await call.store.list('t/ready/')
  return json({ status: 'ready' })
}

export async function metrics(_call: Call): Promise<Response> {
  return new Response(counted().registry.render(), {
    headers: { 'content-type': OPENMETRICS_CONTENT_TYPE, 'cache-control': 'no-store' },
  })
}

export const openapi = async (call: Call): Promise<Response> =>
  json(openApiDocument(call.config.publicUrl), 200, { 'cache-control': 'public, max-age=300' })

/** The spans of one trace, from the collector, where this installation has one that can be asked. Trace ids are 128 random bits. */
export async function trace(call: Call): Promise<Response> {
  // Nothing below asks at the rows whether the session still stands.
  unwrap(await reader(call).spaces(call.principal.sessionId))
  const id = call.params.id ?? ''
  const { traceQueryEndpoint } = call.config
  if (!/^[0-9a-f]{32}$/.test(id) || traceQueryEndpoint === null)
    throw new AppError('not-found', { detail: 'traces cannot be asked for here' })
  const wanted = new URL(`${traceQueryEndpoint.replace(/\/+$/, '')}/traces/${id}`)
  for (const name of ['components', 'waitMs']) {
    const value = call.url.searchParams.get(name)
    if (value !== null && /^\d{1,5}$/.test(value)) wanted.searchParams.set(name, value)
  }
  const answer = await fetch(wanted, { signal: AbortSignal.timeout(15_000) })
  if (!answer.ok) {
    await answer.body?.cancel()
    throw new AppError('not-found')
  }
  return new Response(answer.body, { headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
}
