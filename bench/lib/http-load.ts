import { connect, type Socket } from 'node:net'
import { percentile } from './summary.ts'

/**
 * A closed-loop HTTP/1.1 load generator: `clients` connections, each sends its next request when the last was answered. Lean on
 * purpose, since it shares the processors with what it measures.
 */
export type Load = {
  host: string
  port: number
  clients: number
  requests: number
  /** The whole request, head and body. */
  request: (index: number) => string
}

export type LoadResult = {
  seconds: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  failures: number
}

export async function runLoad(load: Load): Promise<LoadResult> {
  const latencies: number[] = []
  let failures = 0
  let next = 0
  const start = performance.now()
  const client = async () => {
    const connection = await open(load)
    while (next < load.requests) {
      const request = load.request(next++)
      const sent = performance.now()
      const status = await connection.send(request)
      latencies.push(performance.now() - sent)
      if (status < 200 || status >= 300) failures++
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: load.clients }, client))
  const seconds = (performance.now() - start) / 1000
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => percentile(latencies, share)) as [number, number, number]
  return { seconds, perSecond: latencies.length / seconds, p50Ms, p99Ms, maxMs, failures }
}

type Connection = { send(request: string): Promise<number>; close(): void }

function open({ host, port }: Load): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host, port, noDelay: true })
    let answered: ((status: number) => void) | null = null
    let buffered = ''
    socket.setEncoding('latin1')
    socket.once('error', reject)
    socket.on('data', (piece: string) => {
      buffered += piece
      const status = takeAnswer()
      if (status !== null) answered?.(status)
    })
    /** Answers carry a length or chunks; nothing else is spoken here. */
    function takeAnswer(): number | null {
      const head = buffered.indexOf('\r\n\r\n')
      if (head < 0) return null
      const length = /\r\ncontent-length: *(\d+)/i.exec(buffered.slice(0, head))
      const end = length ? head + 4 + Number(length[1]) : chunkedEnd(head + 4)
      if (end < 0 || buffered.length < end) return null
      const status = Number(buffered.slice(9, 12))
      buffered = buffered.slice(end)
      return status
    }
    const chunkedEnd = (from: number): number => {
      const last = buffered.indexOf('0\r\n\r\n', from)
      return last < 0 ? -1 : last + 5
    }
    socket.once('connect', () =>
      resolve({
        send: (request) =>
          new Promise((done) => {
            answered = done
            socket.write(request)
          }),
        close: () => socket.destroy(),
      }),
    )
  })
}

/** An HTTP/1.1 POST of JSON, ready to be written. */
export function jsonPost(path: string, host: string, body: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${lines.join('')}\r\n${body}`
}
