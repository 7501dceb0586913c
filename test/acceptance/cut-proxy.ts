import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** What befalls a piece of traffic, by its share of all pieces. */
export type LineTrouble = {
  /** The server has done it, and the answer never comes: the connection ends instead. */
  loseAnswer?: number
  /** Half of the piece comes, then the connection ends; either way. */
  cutPiece?: number
  /** How long each piece takes. */
  slowMs?: number
}

/**
 * A line between a device and a server, without knowing what travels on it: it can be cut, slow, or lose what comes back. The dice decide per piece of
 * traffic; which piece comes when is up to the machine.
 */
export class CutProxy {
  readonly #server: Server
  readonly #dice: () => number
  readonly #sockets = new Set<Socket>()
  #target: { host: string; port: number } | null = null
  #trouble: LineTrouble = {}
  #isCut = false
  /** How many connections it has ended. */
  harmed = 0

  static async open(dice: () => number): Promise<CutProxy> {
    const proxy = new CutProxy(dice)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(dice: () => number) {
    this.#dice = dice
    this.#server = createServer((near) => this.#join(near))
  }

  /** To be given out in place of the target's. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  leadTo(url: string): void {
    const { hostname, port } = new URL(url)
    this.#target = { host: hostname, port: Number(port) }
  }

  /** Whatever is open ends, and nothing new is let through. */
  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  trouble(trouble: LineTrouble): void {
    this.#trouble = trouble
  }

  /** A line as it should be. */
  mend(): void {
    this.#isCut = false
    this.#trouble = {}
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(near: Socket): void {
    if (this.#isCut || this.#target === null) return void near.resetAndDestroy()
    const far = connect(this.#target)
    const both = [near, far]
    const end = (): void => both.forEach((socket) => socket.destroy())
    for (const socket of both) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end).on('close', () => {
        this.#sockets.delete(socket)
        end()
      })
    }
    this.#carry(near, far, { isAnswer: false, end })
    this.#carry(far, near, { isAnswer: true, end })
  }

  #carry(from: Socket, to: Socket, { isAnswer, end }: { isAnswer: boolean; end: () => void }): void {
    const pass = async (): Promise<void> => {
      for await (const piece of from as AsyncIterable<Buffer>) {
        const { slowMs = 0, cutPiece = 0, loseAnswer = 0 } = this.#trouble
        if (slowMs > 0) await pause(slowMs)
        if (this.#dice() < cutPiece) {
          to.write(piece.subarray(0, piece.length >> 1), () => this.#harm(end))
          return
        }
        if (isAnswer && this.#dice() < loseAnswer) return this.#harm(end)
        if (!to.write(piece)) await once(to, 'drain')
      }
      to.end()
    }
    pass().catch(end)
  }

  #harm(end: () => void): void {
    this.harmed++
    end()
  }
}
