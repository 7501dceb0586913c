import { AppError } from '../core/errors.ts'
import { LIVE_CLOSE, type LiveMessage } from '../protocol/live.ts'
import type { Change } from '../protocol/sync.ts'
import { openSocket, openStream, type LiveConnection, type OpenWebSocket } from './live-connection.ts'
import { mayRetry, retryDelayMs, timerSleep, type RetryWorld } from './retry.ts'
import { ConnectionError } from './connection-error.ts'

/** What a live client does with what it hears. Calls come one after another; each is awaited before the next. */
export type LiveListener = {
  /** Everything between the cursor that it had and `cursor`. */
  changes(changes: Change[], cursor: string): void | Promise<void>
  /** Pull from `cursor` (`null`: from the beginning) to the end. @returns where that is */
  pull(cursor: string | null): Promise<string>
  /** The journal cannot go on from the cursor: take a snapshot. @returns the cursor that it ends with */
  reset(reason: 'epoch' | 'ahead' | 'horizon'): Promise<string>
  /** The spaces that may be read are others now. */
  access(): void | Promise<void>
  /** `null`: not connected. */
  connected(way: 'socket' | 'stream' | null): void
}

export type LiveOptions = {
  baseUrl: string
  accessToken: () => Promise<string>
  /** Where the client is; `null`: it has nothing yet, and pulls first. */
  cursor: string | null
  device?: string | null
  openWebSocket: OpenWebSocket
  fetch: typeof fetch
  world: RetryWorld & { signal: AbortSignal }
}

/** After so many sockets in a row that did not open, while requests were answered, something between lets none through. */
const SOCKET_TRIES = 3
const BACK_OFF = { tries: Infinity, budgetMs: Infinity, baseMs: 500, capMs: 60_000 }
/** A connection that lasted shorter counts as one more failure, lest one that is closed at once be opened for ever. */
const LASTING_MS = 10_000
/** Where the device stands is told this long after it changed. */
const ACK_AFTER_MS = 3_000

/**
 * Follows a tenant's changes until `signal` aborts: connects, comes back when the connection is lost, and goes on where it was.
 * Nothing depends on the connection: what it does not bring, the next pull does.
 * @throws AppError session-revoked, and what `listener` throws; the signal's reason
 */
export async function followLive(options: LiveOptions, listener: LiveListener): Promise<never> {
  const { world } = options
  let cursor = options.cursor ?? (await pullOrReset(listener, null))
  let failures = 0
  let failedSockets = 0
  for (;;) {
    const way = failedSockets < SOCKET_TRIES ? 'socket' : 'stream'
    const startedMs = world.clock()
    try {
      const connection = await open(options, way, cursor)
      failedSockets = 0
      listener.connected(way)
      cursor = await new Follower(options, listener, connection, cursor).run()
      throw new ConnectionError('the live connection has ended')
    } catch (error) {
      listener.connected(null)
      world.signal.throwIfAborted()
      if (!mayRetry(error)) throw error
      failures = world.clock() - startedMs < LASTING_MS ? failures + 1 : 1
      if (way === 'socket') failedSockets += 1
      await world.sleep(retryDelayMs(error, failures, world.random, BACK_OFF), world.signal)
    }
    // A request, unlike a socket, is told what is wrong: that the session has ended, or the cursor is too old.
    cursor = await pullOrReset(listener, cursor).catch((error: unknown) => {
      if (!mayRetry(error)) throw error
      return cursor
    })
  }
}

async function open(
  { baseUrl, accessToken, device = null, openWebSocket, fetch }: LiveOptions,
  way: 'socket' | 'stream',
  cursor: string,
): Promise<LiveConnection> {
  const address = { baseUrl, accessToken: await accessToken(), cursor, device }
  return way === 'socket' ? openSocket(address, openWebSocket) : openStream(address, fetch)
}

async function pullOrReset(listener: LiveListener, cursor: string | null): Promise<string> {
  try {
    return await listener.pull(cursor)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'resync-required') throw error
    return listener.reset((error.facts['reason'] as 'epoch' | undefined) ?? 'epoch')
  }
}

/** One connection, from its first message to its last. */
class Follower {
  readonly #listener: LiveListener
  readonly #connection: LiveConnection
  readonly #signal: AbortSignal
  readonly #isDevice: boolean
  #cursor: string
  /** Asked to go on from the cursor: what comes before the answer is of another place. */
  #isWaiting = false
  #ackTimer: ReturnType<typeof setTimeout> | null = null

  constructor(options: LiveOptions, listener: LiveListener, connection: LiveConnection, cursor: string) {
    this.#listener = listener
    this.#connection = connection
    this.#signal = options.world.signal
    this.#isDevice = (options.device ?? null) !== null
    this.#cursor = cursor
  }

  /** @returns where the client is when the connection has ended */
  async run(): Promise<string> {
    const close = (): void => this.#connection.close()
    if (this.#signal.aborted) close()
    this.#signal.addEventListener('abort', close, { once: true })
    try {
      for await (const message of this.#connection.messages) {
        await this.#hear(message)
        if (message.type === 'closing') break
      }
      return this.#cursor
    } finally {
      this.#signal.removeEventListener('abort', close)
      if (this.#ackTimer !== null) clearTimeout(this.#ackTimer)
      close()
    }
  }

  async #hear(message: LiveMessage): Promise<void> {
    switch (message.type) {
      case 'hello':
        return
      case 'changes':
        return this.#take(message)
      case 'behind':
        return this.#goOnFrom(await pullOrReset(this.#listener, this.#cursor))
      case 'reset':
        return this.#goOnFrom(await this.#listener.reset(message.reason))
      case 'closing':
        if (message.code === LIVE_CLOSE.ended) throw new AppError('session-revoked')
        return
      case 'access':
        return this.#listener.access()
    }
  }

  async #take({ after, cursor, changes }: Extract<LiveMessage, { type: 'changes' }>): Promise<void> {
    if (after !== this.#cursor) {
      if (!this.#isWaiting) this.#goOnFrom(this.#cursor)
      return
    }
    this.#isWaiting = false
    this.#cursor = cursor
    await this.#listener.changes(changes, cursor)
    this.#ackSoon()
  }

  #goOnFrom(cursor: string): void {
    this.#cursor = cursor
    this.#isWaiting = true
    if (this.#connection.canSpeak) this.#connection.say({ type: 'resume', cursor })
    else this.#connection.close()
  }

  #ackSoon(): void {
    if (!this.#isDevice || !this.#connection.canSpeak || this.#ackTimer !== null) return
    this.#ackTimer = setTimeout(() => {
      this.#ackTimer = null
      this.#connection.say({ type: 'ack', cursor: this.#cursor })
    }, ACK_AFTER_MS)
  }
}

/** The clock and dice of `world`, with a timer that ends with the signal. */
export const liveWorld = (
  world: Pick<RetryWorld, 'clock' | 'random'>,
  signal: AbortSignal,
): RetryWorld & { signal: AbortSignal } => ({ ...world, sleep: timerSleep, signal })
