import { closingMessage, type LiveText } from './live-message.ts'
import { SINK_MAX_WAITING_BYTES, type LiveSink, type LiveState } from './live-sink.ts'

/**
 * A socket that outlives this object in memory: the runtime holds it while the object is evicted, and the attachment says whose
 * it is.
 */
export class LiveSocket implements LiveSink {
  readonly state: LiveState
  readonly #socket: WebSocket

  constructor(socket: WebSocket, state?: LiveState) {
    this.#socket = socket
    this.state = state ?? (socket.deserializeAttachment() as LiveState)
  }

  save(): void {
    this.#socket.serializeAttachment(this.state)
  }

  send({ json }: LiveText): boolean {
    // Absent where the runtime does not tell; then the connection's own limits hold.
    if ((this.#socket.bufferedAmount ?? 0) > SINK_MAX_WAITING_BYTES) return false
    try {
      this.#socket.send(json)
      return true
    } catch {
      return false
    }
  }

  /**
   * Says so before it closes: the runtime sends the close frame at once, but ends the connection only when this object leaves
   * memory, and clients tell of a close only when the connection has ended.
   */
  close(code: number, reason: string): void {
    try {
      this.#socket.send(closingMessage(code, reason).json)
      this.#socket.close(code, reason)
    } catch {
      // gone already
    }
  }
}
