import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { NodeId } from '../../core/ids.ts'
import { createApi } from '../api.ts'
import { SmallDownloads } from './small-downloads.ts'

const idOf = (at: number) => `00000000-0000-7000-8000-${String(at).padStart(12, '0')}` as NodeId
const textOf = (at: number): string => `the bytes of file ${at}`
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

type Content = { id: string; chunks: object[]; [field: string]: unknown }

/** A server that has so many files in one pack, and inline what is told. It notes what it is asked for. */
function packServer(count: number, change: (content: Content, at: number) => Content | null = (content) => content) {
  const asked: string[] = []
  const pack = Array.from({ length: count }, (_, at) => textOf(at)).join('')
  let status = 200
  let offset = 0
  const places = Array.from({ length: count }, (_, at) => ({ from: offset, to: (offset += textOf(at).length) }))
  const contents = Array.from({ length: count }, (_, at): Content => {
    const text = textOf(at)
    const ref = { sha256: sha256(text), size: text.length, plain: text.length, object: 0, offset: 0 }
    const whole = { id: idOf(at), revision: 1, codec: 'raw', size: text.length, sha256: sha256(text), inline: null }
    return { ...whole, chunks: [ref] }
  })
  const answer = (body: string): Response => {
    const { files } = JSON.parse(body) as { files: { id: string }[] }
    asked.push(`contents of ${files.length}`)
    const wanted = files.map(({ id }) => contents.findIndex((content) => content.id === id))
    const [from, to] = [places[wanted[0]!]!.from, places[wanted.at(-1)!]!.to]
    const found = wanted.flatMap((at) => {
      const { chunks, ...content } = contents[at]!
      return change({ ...content, chunks: [{ ...chunks[0]!, offset: places[at]!.from - from }] }, at) ?? []
    })
    const objects = [{ method: 'GET', url: `http://bucket/${from}-${to}`, headers: {}, expiresAt: 0 }]
    return Response.json({ contents: found, objects })
  }
  const fetchIt = async (url: unknown, init?: RequestInit): Promise<Response> => {
    if (String(url).endsWith('/v1/files/contents')) return answer(init?.body as string)
    asked.push('a pack')
    const [from, to] = String(url).split('/').at(-1)!.split('-').map(Number)
    return new Response(pack.slice(from, to), { status })
  }
  const api = createApi({
    baseUrl: 'http://server',
    accessToken: async () => 'token',
    fetch: fetchIt as typeof fetch,
    clock: () => 0,
    random: (length) => new Uint8Array(length),
  })
  const small = new SmallDownloads(api, { now: () => 0, sleep: async () => {} })
  const fetchOne = async (at: number): Promise<string | null> => {
    const pieces = await small.fetch({ node: idOf(at), revision: 1, sizeBytes: textOf(at).length })
    return pieces && Buffer.concat(pieces).toString()
  }
  return {
    asked,
    fetchAll: () => Promise.all(Array.from({ length: count }, (_, at) => fetchOne(at))),
    refuse: (as: number) => void (status = as),
  }
}

test('many files that were sent in one pack cost few questions and GETs', async () => {
  const server = packServer(300)
  expect(await server.fetchAll()).toEqual(Array.from({ length: 300 }, (_, at) => textOf(at)))
  expect(server.asked.length).toBeLessThan(10)
})

test('what is left out, or is not what it should be, is to be fetched by itself; all others come', async () => {
  const server = packServer(4, (content, at) => {
    if (at === 0) return null
    if (at === 1) return { ...content, sha256: sha256('other bytes') }
    return at === 2 ? { ...content, inline: Buffer.from(textOf(2)).toString('base64'), chunks: [] } : content
  })
  expect(await server.fetchAll()).toEqual([null, null, textOf(2), textOf(3)])
})

test('a place beyond what a batch can hold is not made room for: each file is to be fetched by itself', async () => {
  const far = (content: Content): Content => ({ ...content, chunks: [{ ...content.chunks[0]!, offset: 5e12 }] })
  const server = packServer(3, (content, at) => (at === 1 ? far(content) : content))
  expect(await server.fetchAll()).toEqual([null, null, null])
  expect(server.asked).toEqual(['contents of 3'])
})

test('a pack that is gone, or whose signature has expired: each file is to be fetched by itself', async () => {
  for (const status of [404, 403]) {
    const server = packServer(2)
    server.refuse(status)
    expect(await server.fetchAll()).toEqual([null, null])
  }
})
