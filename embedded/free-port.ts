import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { StartFailure } from './failure.ts'

/** Just long enough for the ports of a run that was killed a moment ago to come free. */
const RETRY_FOR_MS = 1000

/**
 * Below the ports that systems give to outgoing connections (Linux from 32768, macOS and Windows from 49152): one of those may be taken by a connection of
 * anybody between our look and the moment when it is listened on, and again whenever what listens on it is started anew.
 */
const PORTS = { from: 20_000, count: 12_000 } as const
const PORTS_TRIED = 200

/** A port of 127.0.0.1 that was free a moment ago. */
export async function pickFreePort(): Promise<number> {
  for (let tried = 0; tried < PORTS_TRIED; tried++) {
    const port = await tryToListen(PORTS.from + randomInt(PORTS.count))
    if (port !== null) return port
  }
  throw new StartFailure('This machine has no free network port.', 'Close some programs.')
}

/** Throws a {@link StartFailure} when something else listens on this port of 127.0.0.1. */
export async function requireFreePort(port: number): Promise<void> {
  const deadline = performance.now() + RETRY_FOR_MS
  while ((await tryToListen(port)) === null) {
    if (performance.now() > deadline) throw portTaken(port)
    await wait(50)
  }
}

export const portTaken = (port: number): StartFailure =>
  new StartFailure(
    `Port ${port} is in use by another program.`,
    `Stop that program, or take another port: npm start -- --port ${port + 1}`,
  )

function tryToListen(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else if (error.code === 'EACCES') reject(portForbidden(port, error))
      else reject(error)
    })
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}

const portForbidden = (port: number, cause: unknown): StartFailure =>
  new StartFailure(`You may not listen on port ${port}.`, 'Take a port above 1023: npm start -- --port 8787', { cause })
