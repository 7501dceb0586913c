import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { StartFailure } from './failure.ts'

/** Just long enough for the ports of a run that was killed a moment ago to come free. */
const RETRY_FOR_MS = 1000

/** A port of 127.0.0.1 that was free a moment ago. */
export async function pickFreePort(): Promise<number> {
  const port = await tryToListen(0)
  if (port === null) throw new StartFailure('This machine has no free network port.', 'Close some programs.')
  return port
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
