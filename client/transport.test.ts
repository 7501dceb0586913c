import { describe, expect, test } from 'vitest'
import { AppError } from '../core/errors.ts'
import { problemResponse } from '../protocol/problem.ts'
import { memoryExporter } from '../telemetry/span.ts'
import { createTracer } from '../telemetry/tracer.ts'
import { createTransport, type TransportOptions } from './transport.ts'

type Seen = { url: string; init: RequestInit; headers: Headers }

function transportOf(answers: (() => Response | Promise<Response>)[], options: Partial<TransportOptions> = {}) {
  const seen: Seen[] = []
  const transport = createTransport({
    baseUrl: 'https://files.example/',
    accessToken: async () => 'secret-token',
    fetch: async (input, init = {}) => {
      seen.push({ url: String(input), init, headers: new Headers(init.headers) })
      return (answers.shift() ?? (() => Response.json({})))()
    },
    clock: () => 0,
    random: (length) => new Uint8Array(length).fill(7),
    sleep: async () => {},
    ...options,
  })
  return { transport, seen }
}

const call = { method: 'GET', route: '/v1/files/{id}', path: '/v1/files/42', parse: (json: unknown) => json } as const

describe('TF-9 requests to the API', () => {
  test('carry the token, the protocol version and the trace', async () => {
    const exporter = memoryExporter()
    const tracer = createTracer({
      component: 'cli',
      exporter,
      clock: () => 0,
      random: (n) => new Uint8Array(n).fill(1),
    })
    await tracer.span('put', { parent: null }, async (span) => {
      const { transport, seen } = transportOf([() => Response.json({ ok: true })], { span })
      expect(await transport.call(call)).toEqual({ ok: true })
      const [{ url, headers } = { url: '', headers: new Headers() }] = seen
      expect(url).toBe('https://files.example/v1/files/42')
      expect(headers.get('authorization')).toBe('Bearer secret-token')
      expect(headers.get('bitvault-protocol')).toBe('1')
      expect(headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    })
    const [span] = exporter.spans
    expect(span).toMatchObject({
      name: 'GET /v1/files/{id}',
      kind: 'client',
      attributes: { 'http.response.status_code': 200 },
    })
    expect(JSON.stringify(exporter.spans)).not.toMatch(/secret-token|files\/42/)
  })

  test('an expired token is refreshed once, and the request repeated', async () => {
    let refreshed = 0
    const expired = () => problemResponse(new AppError('token-expired'))
    const onUnauthorized = async () => void refreshed++
    const { transport, seen } = transportOf([expired, () => Response.json(1)], { onUnauthorized })
    expect(await transport.call(call)).toBe(1)
    expect(seen.length).toBe(2)
    const again = transportOf([expired, expired], { onUnauthorized })
    await expect(again.transport.call(call)).rejects.toMatchObject({ code: 'token-expired' })
    expect(refreshed).toBe(2)
  })

  test('a revoked session is not refreshed', async () => {
    const onUnauthorized = () => expect.unreachable()
    const { transport } = transportOf([() => problemResponse(new AppError('session-revoked'))], { onUnauthorized })
    await expect(transport.call(call)).rejects.toMatchObject({ code: 'session-revoked' })
  })

  test('a problem keeps its code and its facts', async () => {
    const problem = new AppError('content-mismatch', { field: 'files/3/size', detail: 'too long', extra: 7 })
    const { transport } = transportOf([() => problemResponse(problem)])
    const error = await transport.call(call).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'content-mismatch',
      message: 'too long',
      facts: { field: 'files/3/size', extra: 7 },
    })
  })

  test("a proxy's page is judged by its status: 502 is repeated, 500 is not", async () => {
    const page = (status: number) => () => new Response('<html>', { status })
    const passing = transportOf([page(502), page(504), () => Response.json('there')])
    expect(await passing.transport.call(call)).toBe('there')
    const broken = transportOf([page(500)])
    await expect(broken.transport.call(call)).rejects.toMatchObject({ code: 'internal' })
    expect(broken.seen.length).toBe(1)
  })

  test('a code that a newer server made up is an error all the same', async () => {
    const { transport } = transportOf([() => Response.json({ code: 'from-the-future' }, { status: 409 })])
    await expect(transport.call(call)).rejects.toMatchObject({ code: 'internal' })
  })

  test('an answer that is not what was promised is not taken', async () => {
    const parse = () => {
      throw new Error('wrong shape')
    }
    const { transport } = transportOf([() => Response.json({})])
    await expect(transport.call({ ...call, parse })).rejects.toMatchObject({ code: 'internal' })
  })

  test('no answer in time counts as no connection, and is repeated', async () => {
    const hang = (_input: unknown, init: RequestInit = {}) =>
      new Promise<Response>((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
      })
    const { transport } = transportOf([], { fetch: hang as typeof fetch, timeoutMs: 5, tries: 2 })
    await expect(transport.call(call)).rejects.toMatchObject({
      name: 'ConnectionError',
      attempts: 2,
      message: /timeout/,
    })
  })
})
