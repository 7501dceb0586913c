import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/**
 * A live socket without a WebSocket library: ten thousand of them must cost the measuring process little, and the measured one
 * shares its processors.
 */
export type RawLive = { close(): void }

export type RawLiveAsk = { url: string; token: string; path: string }

/** Opens one. @param onMessage each text message; whole ones only. @throws what the server answered instead */
export function openRawLive(ask: RawLiveAsk, onMessage: (text: string) => void): Promise<RawLive> {
  const { hostname, port } = new URL(ask.url)
  const socket = connect(Number(port), hostname)
  socket.setNoDelay(true)
  socket.write(
    [
      `GET ${ask.path} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      `authorization: Bearer ${ask.token}`,
      'connection: Upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      `sec-websocket-key: ${randomBytes(16).toString('base64')}`,
      '\r\n',
    ].join('\r\n'),
  )
  return upgraded(socket, onMessage)
}

function upgraded(socket: Socket, onMessage: (text: string) => void): Promise<RawLive> {
  let rest: Buffer = Buffer.alloc(0)
  let isOpen = false
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('data', (part) => {
      rest = rest.length === 0 ? part : Buffer.concat([rest, part])
      if (!isOpen) {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) return
        const head = rest.subarray(0, end).toString('latin1')
        if (!head.startsWith('HTTP/1.1 101')) return reject(new Error(rest.toString('utf8').slice(0, 500)))
        isOpen = true
        rest = rest.subarray(end + 4)
        resolve({ close: () => socket.destroy() })
      }
      rest = takeFrames(rest, onMessage)
    })
  })
}

/** The server's frames are not masked, and text comes in one frame (RFC 6455, section 5.2). */
function takeFrames(bytes: Buffer, onMessage: (text: string) => void): Buffer {
  let rest = bytes
  while (rest.length >= 2) {
    const short = rest[1]! & 0x7f
    const from = short < 126 ? 2 : short === 126 ? 4 : 10
    if (rest.length < from) break
    const length = short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2))
    if (rest.length < from + length) break
    if ((rest[0]! & 0x0f) === 1) onMessage(rest.toString('utf8', from, from + length))
    rest = rest.subarray(from + length)
  }
  return rest
}
