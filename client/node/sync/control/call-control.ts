import { request, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { z, type ZodType } from 'zod'
import { AppError, ERROR_CODES, type ErrorFacts } from '../../../../core/errors.ts'
import { CONTROL_VERSION, readControlNote, type ControlNote } from './control-note.ts'

const errorSchema = z.object({
  error: z.object({ code: z.enum(ERROR_CODES).catch('internal'), facts: z.looseObject({}) }),
})

/** A plan may have to look at a whole disk. */
const ANSWER_MS = 600_000
const ALIVE_MS = 5_000
const REPLY_MAX_BYTES = 64 * 1024 * 1024

/** A connection to a process that works on a link, or on all of them. */
export type Control = {
  /** @throws AppError as it answered; `ControlGone` when it does not */
  call<T>(method: 'GET' | 'POST', path: string, options: { reply: ZodType<T>; body?: unknown }): Promise<T>
  /** Each line as it comes, until the process ends or `signal` aborts; what is not understood is passed over. @throws ControlGone */
  lines<T>(path: string, schema: ZodType<T>, signal: AbortSignal): AsyncIterable<T>
}

/** The process is not there any more. */
export class ControlGone extends Error {
  constructor(options: { cause?: unknown } = {}) {
    super('the process that works on this folder does not answer', options)
    this.name = 'ControlGone'
  }
}

/** @param path of the note. `null`: nobody works there, or the one who did is gone */
export async function openControl(path: string): Promise<Control | null> {
  const note = readControlNote(path)
  if (note === null) return null
  const control = controlOf(note)
  try {
    await control.call('GET', '/alive', { reply: z.unknown() })
    return control
  } catch (error) {
    if (error instanceof ControlGone) return null
    throw error
  }
}

function controlOf(note: ControlNote): Control {
  return {
    call: async (method, path, { reply, body }) => {
      const response = await send(note, { method, path, body, timeoutMs: path === '/alive' ? ALIVE_MS : ANSWER_MS })
      const json = readJson(await readAll(response))
      if (response.statusCode === 200) return reply.parse(json)
      throw errorOf(json)
    },
    async *lines(path, schema, signal) {
      try {
        const response = await send(note, { method: 'GET', path, timeoutMs: 0, signal })
        if (response.statusCode !== 200) throw errorOf(readJson(await readAll(response)))
        yield* readLines(response, schema, signal)
      } catch (error) {
        // Whoever ended it knows.
        if (!signal.aborted) throw error
      }
    },
  }
}

async function* readLines<T>(response: IncomingMessage, schema: ZodType<T>, signal: AbortSignal): AsyncGenerator<T> {
  const reader = createInterface({ input: response })
  const end = (): void => {
    reader.close()
    response.destroy()
  }
  signal.addEventListener('abort', end, { once: true })
  try {
    for await (const line of reader) {
      const parsed = schema.safeParse(readJson(line))
      if (parsed.success) yield parsed.data
    }
  } catch (cause) {
    throw new ControlGone({ cause })
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

type Question = { method: string; path: string; body?: unknown; timeoutMs: number; signal?: AbortSignal }

function send(note: ControlNote, { method, path, body, timeoutMs, signal }: Question): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const asked = request({
      socketPath: note.address,
      method,
      path: `/${CONTROL_VERSION}${path}`,
      headers: {
        authorization: `Bearer ${note.token}`,
        ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
      timeout: timeoutMs,
      ...(signal !== undefined && { signal }),
    })
    asked.on('response', resolve)
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
    asked.on('error', (cause) => reject(new ControlGone({ cause })))
    asked.end(text)
  })
}

async function readAll(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      size += part.length
      if (size > REPLY_MAX_BYTES) throw new AppError('body-too-large')
      parts.push(part)
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new ControlGone({ cause })
  }
  return Buffer.concat(parts).toString('utf8')
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function errorOf(json: unknown): AppError {
  const parsed = errorSchema.safeParse(json)
  if (!parsed.success) return new AppError('internal', { detail: 'the background process answered something else' })
  const { code, facts } = parsed.data.error
  return new AppError(code, facts as ErrorFacts)
}
