import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Bytes that went by, as the devices see it. */
export type Traffic = { sent: number; received: number }

/** A port that hands everything on, and counts it: what a demo says of bytes on the wire is what went through here. */
export type Relay = {
  readonly url: string
  readonly traffic: Traffic
  /** From now on connections go to this server. */
  leadTo(url: string): void
  close(): Promise<void>
}

const HOST = '127.0.0.1'

export async function openRelay(): Promise<Relay> {
  const traffic: Traffic = { sent: 0, received: 0 }
  const open = new Set<Socket>()
  let target: URL | null = null
  const server = createServer((device) => {
    if (target === null) return device.destroy()
    const far = connect({ host: target.hostname, port: Number(target.port) })
    device.on('data', (bytes) => (traffic.sent += bytes.length))
    far.on('data', (bytes) => (traffic.received += bytes.length))
    for (const [from, to] of [
      [device, far],
      [far, device],
    ] as const) {
      open.add(from)
      from.setNoDelay(true)
      from.pipe(to)
      // One side that breaks off takes the other with it.
      from.once('error', () => to.destroy())
      from.once('close', () => {
        open.delete(from)
        to.destroySoon()
      })
    }
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://${HOST}:${port}`,
    traffic,
    leadTo: (url) => {
      target = new URL(url)
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
