import { closingMessage, type LiveText } from './live-message.ts'
import { SINK_MAX_WAITING_BYTES, type LiveSink, type LiveState } from './live-sink.ts'

/** A comment, so that neither side nor anything between takes a quiet stream for a dead one. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': still here\n\n'

/**
 * Server-sent events, for whoever cannot open a WebSocket. The id of an event is the cursor that it leads to, so that a client
 * that comes back sends it as `Last-Event-ID`. An open stream keeps the object in memory: a socket is the cheaper one.
 */
export class LiveStream implements LiveSink {
  readonly state: LiveState
  readonly body: ReadableStream<Uint8Array>
  readonly #encoder = new TextEncoder()
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #timer: ReturnType<typeof setInterval> | null

  /** @param onGone the reader has left */
  constructor(state: LiveState, onGone: (stream: LiveStream) => void) {
    this.state = state
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        cancel: () => {
          this.#end()
          onGone(this)
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: SINK_MAX_WAITING_BYTES }),
    )
    this.#timer = setInterval(() => this.#write(HEARTBEAT) || onGone(this), HEARTBEAT_MS)
  }

  save(): void {
    // It lives as long as this object.
  }

  send({ type, json, cursor }: LiveText): boolean {
    return this.#write(`event: ${type}\n${cursor === null ? '' : `id: ${cursor}\n`}data: ${json}\n\n`)
  }

  close(code: number, reason: string): void {
    if (this.#timer === null) return
    this.send(closingMessage(code, reason))
    this.#end()
    try {
      this.#controller.close()
    } catch {
      // gone already
    }
  }

  #write(text: string): boolean {
    if (this.#timer === null || (this.#controller.desiredSize ?? 0) <= 0) return false
    this.#controller.enqueue(this.#encoder.encode(text))
    return true
  }

  #end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }
}
