import { AppError } from '../../core/errors.ts'
import type { DeviceId } from '../../core/ids.ts'
import { LIVE_HEADER, type LiveCall } from '../../durable-objects/live-door.ts'
import { journal, type Call } from '../gateway/call.ts'

/**
 * GET /v1/sync/live: a WebSocket, or a stream of server-sent events, from the tenant's journal. The object behind it holds the
 * socket; this request is over with the answer.
 */
export async function live(call: Call): Promise<Response> {
  const { headers } = call.request
  const { cursor, device } = call.query as { cursor?: string; device?: string }
  const as = wayOf(headers)
  // A stream that broke off is asked for again under the same address; how far it got is in the header.
  const lastId = as === 'stream' ? headers.get('last-event-id') : null
  const wanted: LiveCall = {
    session: call.principal.sessionId,
    cursor: lastId ?? cursor ?? null,
    device: (device ?? null) as DeviceId | null,
    as,
  }
  const passedOn = new Headers({ [LIVE_HEADER]: JSON.stringify(wanted) })
  if (as === 'socket') passedOn.set('upgrade', 'websocket')
  const answer = await journal(call).fetch(new Request('http://journal/live', { headers: passedOn }))
  // What another isolate answered cannot be changed; whoever comes next sets headers of their own.
  return new Response(answer.body, answer)
}

/** @throws invalid-request: neither was asked for */
function wayOf(headers: Headers): LiveCall['as'] {
  if (headers.get('upgrade')?.toLowerCase() === 'websocket') return 'socket'
  if (/\btext\/event-stream\b/i.test(headers.get('accept') ?? '')) return 'stream'
  throw new AppError('invalid-request', {
    field: 'Upgrade',
    detail: 'ask for a WebSocket (Upgrade: websocket) or for server-sent events (Accept: text/event-stream)',
  })
}
