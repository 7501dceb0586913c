import { timingSafeEqual } from 'node:crypto'
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ZodType } from 'zod'
import { AppError } from '../../../../core/errors.ts'
import {
  CONTROL_VERSION,
  freshNote,
  readControlNote,
  removeDeadNote,
  writeControlNote,
  type ControlNote,
} from './control-note.ts'

/** Of one question. */
const BODY_MAX_BYTES = 16 * 1024
const CONNECTIONS_MAX = 64
/** A reader that is so far behind is let go: it comes back, and asks how it is. */
const BEHIND_MAX_BYTES = 1024 * 1024

/** `GET /status`, `POST /answer` … → what is answered. A stream writes lines until it is ended. */
export type ControlRoutes = Record<string, ControlRoute>
type ControlRoute =
  | { answer: () => unknown }
  | { body: ZodType; answer: (body: never) => unknown }
  | { stream: (write: (value: unknown) => void) => () => void }

export type ControlServer = { close(): Promise<void> }

/**
 * Answers questions of this user on this computer: HTTP over a socket in a folder of ours (a pipe on Windows), JSON both ways, with the token of the note.
 * @param path of the note. The caller holds the lock that goes with it.
 */
export async function serveControl(path: string, routes: ControlRoutes): Promise<ControlServer> {
  removeDeadNote(path)
  const note = freshNote()
  const server = createServer({ maxHeaderSize: 8 * 1024, requestTimeout: 30_000, headersTimeout: 10_000 })
  server.maxConnections = CONNECTIONS_MAX
  server.on('request', (request, response) => void answer(request, response, { note, routes }))
  await listen(server, note)
  await writeControlNote(path, note)
  return {
    close: async () => {
      // Somebody else may have come after us.
      if (readControlNote(path)?.token === note.token) rmSync(path, { force: true })
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

function listen(server: Server, { address }: ControlNote): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      // The folder keeps others out; on systems that look at the socket, too.
      if (address.endsWith('.sock')) chmodSync(address, 0o600)
      resolve()
    })
  })
}

type Serving = { note: ControlNote; routes: ControlRoutes }

async function answer(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  try {
    requireToken(request, serving.note)
    const route = routeOf(request, serving.routes)
    if ('stream' in route) return stream(response, route.stream)
    const body = 'body' in route ? await readBody(request, route.body) : undefined
    send(response, 200, (await route.answer(body as never)) ?? {})
  } catch (error) {
    sendError(response, error)
  }
}

function requireToken(request: IncomingMessage, { token }: ControlNote): void {
  const given = Buffer.from(request.headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new AppError('unauthenticated')
}

function routeOf({ method, url }: IncomingMessage, routes: ControlRoutes): ControlRoute {
  const prefix = `/${CONTROL_VERSION}`
  const key = url?.startsWith(`${prefix}/`) ? `${method} ${url.slice(prefix.length)}` : ''
  const route = Object.hasOwn(routes, key) ? routes[key] : undefined
  if (route === undefined) throw new AppError('not-found', { detail: 'there is no such question' })
  return route
}

async function readBody(request: IncomingMessage, schema: ZodType): Promise<unknown> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > BODY_MAX_BYTES) throw new AppError('body-too-large')
    parts.push(part)
  }
  let json: unknown
  try {
    json = JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    throw new AppError('malformed-json')
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AppError('invalid-request', {
    field: issue?.path.join('/') ?? '',
    detail: issue?.message ?? 'not understood',
  })
}

function stream(response: ServerResponse, begin: (write: (value: unknown) => void) => () => void): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  // Whoever listens shall know at once that it does.
  response.flushHeaders()
  const end = begin((value) => {
    if (response.writableLength > BEHIND_MAX_BYTES) response.destroy()
    else response.write(`${JSON.stringify(value)}\n`)
  })
  response.on('close', end)
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const known = error instanceof AppError ? error : new AppError('internal', { detail: String(error) })
  send(response, known.code === 'internal' ? 500 : 400, { error: { code: known.code, facts: known.facts } })
}
