import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FAULT_POINTS, type FaultPoint } from '../../core/fault-points.ts'

/**
 * The test's end of the binding FAULTS: the Worker asks at each numbered point and waits for the answer. A point that is
 * held stays unanswered, so that the test can act exactly there: kill the process, stop the database, or let it go on.
 */
export type FaultController = {
  /** For `testStack({ faults: url })`. */
  url: string
  /** How often each point was reached, by any Worker. */
  counts: ReadonlyMap<FaultPoint, number>
  /** Holds the nth arrival from now at this point, once. */
  hold(point: FaultPoint, nth?: number): Hold
  /** Asked at every arrival; the answer waits for what it returns. @returns what takes it away again */
  watch(watcher: Watcher): () => void
  close(): Promise<void>
}

export type Hold = {
  /** Settles when the point is held. Rejects when nobody came within 45 s. */
  arrived: Promise<void>
  /** Lets it go on, or gives up waiting for it. */
  release(): void
}

export type Watcher = (point: FaultPoint) => Promise<unknown> | undefined

const ARRIVE_LIMIT_MS = 45_000
const KNOWN: ReadonlySet<string> = new Set(FAULT_POINTS)

export async function startFaultController(): Promise<FaultController> {
  const counts = new Map<FaultPoint, number>()
  const watchers = new Set<Watcher>()

  const arrive = async (point: FaultPoint, response: ServerResponse): Promise<void> => {
    counts.set(point, (counts.get(point) ?? 0) + 1)
    await Promise.all([...watchers].map((watcher) => watcher(point)))
    response.end()
  }
  const server = createServer((request, response) => {
    const point = (request.url ?? '').slice('/at/'.length)
    response.on('error', () => {}) // its asker was killed meanwhile
    request.resume()
    if (KNOWN.has(point)) void arrive(point as FaultPoint, response)
    else response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const watch = (watcher: Watcher): (() => void) => {
    watchers.add(watcher)
    return () => void watchers.delete(watcher)
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    watch,
    hold: (point, nth = 1) => holdAt({ point, nth, watch }),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

type HoldRequest = { point: FaultPoint; nth: number; watch: FaultController['watch'] }

function holdAt({ point, nth, watch }: HoldRequest): Hold {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const tooLate = (): void => arrived.reject(new Error(`nobody came to ${point} (${seen} of ${nth})`))
  const limit = setTimeout(tooLate, ARRIVE_LIMIT_MS)
  let seen = 0
  const forget = watch((at) => {
    if (at !== point || ++seen !== nth) return undefined
    clearTimeout(limit)
    arrived.resolve()
    return released.promise
  })
  arrived.promise.catch(() => {}) // who does not wait for it has no use for its failure either
  const release = (): void => {
    clearTimeout(limit)
    forget()
    released.resolve()
  }
  return { arrived: arrived.promise, release }
}
