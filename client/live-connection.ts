import { AppError } from '../core/errors.ts'
import {
  LIVE_PING,
  LIVE_PING_EVERY_MS,
  LIVE_PONG,
  liveMessage,
  type LiveMessage,
  type LiveRequest,
} from '../protocol/live.ts'
import { ConnectionError, connectionReason } from './connection-error.ts'
import { errorOfReply } from './problem-reply.ts'

/** One connection of a live client, whichever way it goes. */
export type LiveConnection = {
  /** Ends when the connection does, for whatever reason. */
  messages: AsyncIterable<LiveMessage>
  /** `false`: this way goes in one direction only. */
  canSpeak: boolean
  say(request: LiveRequest): void
  close(): void
}

export type LiveAddress = { baseUrl: string; accessToken: string; cursor: string | null; device: string | null }

/** As Node's and the browsers' own; Node's takes headers as well. */
export type OpenWebSocket = (url: string, headers: Record<string, string>) => WebSocket

/** The runtime's own WebSocket, where it takes headers: Node's does. */
export const runtimeWebSocket: OpenWebSocket = (url, headers) =>
  new (WebSocket as unknown as new (url: string, options: { headers: Record<string, string> }) => WebSocket)(url, {
    headers,
  })

/** Without a word for two pings the connection is taken for dead. */
const SILENCE_MS = 2 * LIVE_PING_EVERY_MS

function pathOf({ cursor, device }: LiveAddress): string {
  const query = new URLSearchParams()
  if (cursor !== null) query.set('cursor', cursor)
  if (device !== null) query.set('device', device)
  return `/v1/sync/live?${query.toString()}`
}

const headersOf = ({ accessToken }: LiveAddress) => ({ authorization: `Bearer ${accessToken}` })

/** @throws ConnectionError when it does not open; the reason that the server has is told to a request, not here */
export async function openSocket(address: LiveAddress, open: OpenWebSocket): Promise<LiveConnection> {
  const url = address.baseUrl.replace(/^http/, 'ws').replace(/\/+$/, '') + pathOf(address)
  const socket = open(url, headersOf(address))
  const inbox = new Inbox<LiveMessage>()
  let heardAt = performance.now()
  const beat = setInterval(() => {
    if (performance.now() - heardAt > SILENCE_MS) return end()
    if (socket.readyState === 1) socket.send(LIVE_PING)
  }, LIVE_PING_EVERY_MS)
  const end = (): void => {
    clearInterval(beat)
    inbox.end()
    socket.close()
  }
  socket.addEventListener('message', ({ data }) => {
    heardAt = performance.now()
    if (data === LIVE_PONG) return
    const message = readMessage(String(data))
    if (message) inbox.put(message)
  })
  socket.addEventListener('close', ({ code, reason }) => {
    // Where no word came before it; a second one says nothing new.
    if (code >= 4_000) inbox.put({ type: 'closing', code, reason })
    end()
  })
  await new Promise<void>((resolve, reject) => {
    const failed = () => {
      end()
      reject(new ConnectionError('no live connection to the server'))
    }
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', failed, { once: true })
    socket.addEventListener('close', failed, { once: true })
  })
  const say = (request: LiveRequest): void => {
    if (socket.readyState === 1) socket.send(JSON.stringify(request))
  }
  return { messages: inbox, canSpeak: true, say, close: () => end() }
}

/** Server-sent events. @throws ConnectionError, AppError as the server answered */
export async function openStream(address: LiveAddress, fetchIt: typeof fetch): Promise<LiveConnection> {
  const ending = new AbortController()
  const headers = { ...headersOf(address), accept: 'text/event-stream' }
  const url = address.baseUrl.replace(/\/+$/, '') + pathOf(address)
  const response = await fetchIt(url, { headers, signal: ending.signal }).catch((error: unknown) => {
    throw new ConnectionError(`the server cannot be reached (${connectionReason(error)})`, 1, { cause: error })
  })
  if (!response.ok) throw await errorOfReply(response)
  if (!response.body) throw new AppError('internal', { detail: 'a stream without a body' })
  const messages = readEvents(response.body, () => ending.abort())
  return { messages, canSpeak: false, say: () => {}, close: () => ending.abort() }
}

async function* readEvents(body: ReadableStream<Uint8Array>, giveUp: () => void): AsyncGenerator<LiveMessage> {
  let timer = setTimeout(giveUp, SILENCE_MS)
  try {
    let rest = ''
    for await (const part of body.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) {
      clearTimeout(timer)
      timer = setTimeout(giveUp, SILENCE_MS)
      const events = (rest + part).split('\n\n')
      rest = events.pop() ?? ''
      for (const event of events) {
        const message = readEvent(event)
        if (message) yield message
      }
    }
  } catch {
    // The connection broke off: whoever listens comes back.
  } finally {
    clearTimeout(timer)
  }
}

function readEvent(text: string): LiveMessage | null {
  const data = text.split('\n').find((line) => line.startsWith('data: '))
  return data === undefined ? null : readMessage(data.slice('data: '.length))
}

/** A message that this version does not know changes nothing for it. */
function readMessage(text: string): LiveMessage | null {
  try {
    return liveMessage.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** What came and was not yet taken. The server bounds it: it lets go of who is slow. */
class Inbox<T> {
  readonly #items: T[] = []
  #isOver = false
  #wake: (() => void) | null = null

  put(item: T): void {
    if (this.#isOver) return
    this.#items.push(item)
    this.#wake?.()
  }

  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift()!
      if (this.#isOver) return
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
