import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A TCP relay that counts what passes: every byte on the wire but the headers of TCP itself. */
export type CountingProxy = {
  url: string
  /** Towards the server, and back, since the start. */
  count(): Wire
  stop(): Promise<void>
}

export type Wire = { out: number; back: number }

export const wireSince = (now: Wire, before: Wire): Wire => ({
  out: now.out - before.out,
  back: now.back - before.back,
})

/** @param target asked for each connection: what is behind it may start later */
export async function startCountingProxy(target: () => number): Promise<CountingProxy> {
  const wire: Wire = { out: 0, back: 0 }
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(target(), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.once('close', () => sockets.delete(socket))
      // One side that breaks off breaks the other: that is what a wire does.
      socket.once('error', () => (near.destroy(), far.destroy()))
    }
    near.on('data', (bytes: Buffer) => (wire.out += bytes.length))
    far.on('data', (bytes: Buffer) => (wire.back += bytes.length))
    near.pipe(far)
    far.pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => ({ ...wire }),
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
