import { request } from 'node:http'
import type { Answer } from './account.ts'

/** What `fetch` would mend: paths are sent as they are, and a body in pieces without saying how long it is. */
export type RawRequest = {
  method: string
  path: string
  headers?: Record<string, string | string[]>
  /** In pieces: without a content-length. */
  body?: string | Uint8Array | Iterable<Uint8Array>
}

export function sendRaw(url: string, { method, path, headers = {}, body }: RawRequest): Promise<Answer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString()
        const known = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        )
        const isJson = (response.headers['content-type'] ?? '').includes('json') && text !== ''
        resolve({ status: response.statusCode!, headers: new Headers(known), body: isJson ? JSON.parse(text) : text })
      })
    })
    sent.on('error', reject)
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) sent.end(body)
    else {
      for (const piece of body) sent.write(piece)
      sent.end()
    }
  })
}
