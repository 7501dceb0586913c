import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { liveMessage, type LiveMessage, type LiveRequest } from '../../protocol/live.ts'
import type { Answer } from './account.ts'

/** A socket as a test has it: what came, in order, and waiting for what is to come. */
export type TestSocket = {
  /** Messages that came and were not taken. */
  next(): Promise<LiveMessage>
  /** The next of these changes that bring something; whatever else comes meanwhile fails. */
  nextChanges(): Promise<Extract<LiveMessage, { type: 'changes' }>>
  say(request: LiveRequest | string): void
  /** The code with which it was closed. */
  closed: Promise<number>
  close(): void
}

export type LiveAsk = { token: string; cursor?: string; device?: string }

const pathOf = ({ cursor, device }: Omit<LiveAsk, 'token'>): string =>
  `/v1/sync/live?${new URLSearchParams({ ...(cursor ? { cursor } : {}), ...(device ? { device } : {}) }).toString()}`

export async function openLive(url: string, ask: LiveAsk): Promise<TestSocket> {
  const headers = { authorization: `Bearer ${ask.token}` }
  const Socket = WebSocket as unknown as new (url: string, options: object) => WebSocket
  const socket = new Socket(url.replace(/^http/, 'ws') + pathOf(ask), { headers })
  const come: LiveMessage[] = []
  const waiting: ((message: LiveMessage) => void)[] = []
  socket.addEventListener('message', ({ data }) => {
    const message = liveMessage.parse(JSON.parse(String(data)))
    const waiter = waiting.shift()
    if (waiter) waiter(message)
    else come.push(message)
  })
  const closed = new Promise<number>((resolve) => socket.addEventListener('close', ({ code }) => resolve(code)))
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the socket did not open')))
  })
  const next = (): Promise<LiveMessage> => {
    const message = come.shift()
    return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve))
  }
  return {
    next,
    async nextChanges() {
      for (;;) {
        const message = await next()
        if (message.type !== 'changes') throw new Error(`${message.type} instead of changes`)
        if (message.changes.length > 0) return message
      }
    },
    say: (said) => socket.send(typeof said === 'string' ? said : JSON.stringify(said)),
    closed,
    close: () => socket.close(),
  }
}

/** What a server answers that does not let the socket in. */
export function askLive(url: string, ask: LiveAsk, more: Record<string, string> = {}): Promise<Answer> {
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  }
  const headers = { authorization: `Bearer ${ask.token}`, ...upgrade, ...more }
  return new Promise((resolve, reject) => {
    const asked = request(url + pathOf(ask), { headers })
    asked.once('upgrade', (_response, socket) => {
      socket.destroy()
      reject(new Error('the socket was let in'))
    })
    asked.once('response', async (response) => {
      let text = ''
      for await (const part of response) text += part
      const headers = new Headers(response.headers as Record<string, string>)
      resolve({ status: response.statusCode ?? 0, headers, body: JSON.parse(text) })
    })
    asked.once('error', reject)
    asked.end()
  })
}

export type TestEvent = { event: string; id: string | null; data: Record<string, unknown> }

/** Server-sent events, one by one. */
export async function openEvents(
  url: string,
  ask: LiveAsk,
  more: Record<string, string> = {},
): Promise<{ next(): Promise<TestEvent | null>; close(): Promise<void> }> {
  const headers = { authorization: `Bearer ${ask.token}`, accept: 'text/event-stream', ...more }
  const response = await fetch(url + pathOf(ask), { headers })
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  const next = async (): Promise<TestEvent | null> => {
    for (;;) {
      const end = rest.indexOf('\n\n')
      if (end < 0) {
        const { done, value } = await reader.read()
        if (done) return null
        rest += decoder.decode(value, { stream: true })
        continue
      }
      const lines = rest.slice(0, end).split('\n')
      rest = rest.slice(end + 2)
      const valueOf = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const data = valueOf('data')
      if (data !== undefined)
        return { event: valueOf('event') ?? '', id: valueOf('id') ?? null, data: JSON.parse(data) }
    }
  }
  return { next, close: () => reader.cancel() }
}
