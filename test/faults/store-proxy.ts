import { once } from 'node:events'
import { createServer, type IncomingMessage, request as sendRequest, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Stands between everybody and the object store and passes requests on as they were signed (the `Host` too, which the
 * signature covers). What a test injects happens instead, to the requests that match.
 */
export type StoreProxy = {
  /** The address to give out instead of the store's: the same path, another port. */
  endpoint: string
  inject(injection: Injection): Injected
  close(): Promise<void>
}

export type StoreFault =
  | { do: 'answer'; status: number }
  | { do: 'reset' } // the store never saw it
  | { do: 'lose-answer' } // the store did it, and nobody hears of it
  | { do: 'hang' }
  | { do: 'cut' } // half of the answer's body comes

export type Injection = {
  /** By method and by the path with its query. */
  matches: (method: string, url: string) => boolean
  fault: StoreFault
  /** How many requests it hits; all by default. */
  times?: number
}
export type Injected = { hits(): number; remove(): void }

/** @param target the store's own endpoint */
export async function startStoreProxy(target: string): Promise<StoreProxy> {
  const { hostname, port, pathname } = new URL(target)
  const active = new Map<Injection, number>()

  const findFault = (method: string, url: string): StoreFault | null => {
    for (const [injection, hits] of active) {
      if (hits >= (injection.times ?? Infinity) || !injection.matches(method, url)) continue
      active.set(injection, hits + 1)
      return injection.fault
    }
    return null
  }
  const server = createServer((incoming, outgoing) => {
    const fault = findFault(incoming.method!, incoming.url!)
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    if (fault === null || fault.do === 'lose-answer' || fault.do === 'cut')
      return forward({ hostname, port, incoming, outgoing, fault })
    incoming.resume()
    if (fault.do === 'reset') incoming.socket.destroy()
    else if (fault.do === 'answer') outgoing.writeHead(fault.status).end('<Error><Code>Injected</Code></Error>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    inject(injection) {
      active.set(injection, 0)
      let hits = 0
      return {
        hits: () => active.get(injection) ?? hits,
        remove() {
          hits = active.get(injection) ?? hits
          active.delete(injection)
        },
      }
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

type Forward = {
  hostname: string
  port: string
  incoming: IncomingMessage
  outgoing: ServerResponse
  fault: StoreFault | null
}

function forward({ hostname, port, incoming, outgoing, fault }: Forward): void {
  const { method, url, rawHeaders } = incoming
  const options = { hostname, port, method, path: url, headers: rawHeaders, setHost: false, agent: false as const }
  const onward = sendRequest(options, (answer) => {
    if (fault?.do === 'lose-answer') {
      answer.resume().on('end', () => incoming.socket.destroy())
      return
    }
    outgoing.writeHead(answer.statusCode!, answer.rawHeaders)
    if (fault?.do !== 'cut') return void answer.pipe(outgoing)
    answer.once('data', (bytes: Buffer) => {
      outgoing.write(bytes.subarray(0, bytes.length / 2), () => incoming.socket.destroy())
    })
  })
  onward.on('error', () => incoming.socket.destroy())
  incoming.pipe(onward)
}
