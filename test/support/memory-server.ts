import { gunzipSync } from 'node:zlib'
import { createHash, randomUUID } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { BATCH_MAX_FILES, type FileInit, type MutationResult, type NodeStateWire } from '../../protocol/files.ts'
import { problemResponse } from '../../protocol/problem.ts'
import { blankFolder } from './blank-folder.ts'

/**
 * A small twin of the HTTP API and the object store behind one `fetch`, for tests of the client alone: what the wire says, no
 * identity, no tenants. The real thing is tested in test/acceptance.
 */
export type MemoryServer = {
  fetch: typeof fetch
  readonly rootId: string
  /** Every request, as `PUT object` or `POST /v1/files/{id}/commit`. */
  readonly log: string[]
  /** Called before a request is handled; may throw (no connection) or answer in its place. */
  intercept: (request: { what: string; url: string; init: RequestInit }) => Response | void | Promise<Response | void>
  /** Called after the request took effect, before its answer leaves; may throw: the answer is lost. */
  afterwards: (what: string) => void
  readonly objects: Map<string, Uint8Array>
  find(name: string): NodeStateWire | undefined
  nodes: Map<string, Stored>
  now: number
}

type Content = {
  codec: 'raw' | 'zstd'
  chunks: { sha256: string; size: number; plain: number }[]
  inline: string | null
}
type Stored = { state: NodeStateWire; content: Content | null }
type Upload = {
  files: (FileInit & { mutationId: string })[]
  packs: Map<string, { sha256: string; size: number }[]>
  state: 'open' | 'committed'
}
type Location = { key: string; offset: number; length: number }

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export function createMemoryServer(): MemoryServer {
  const world = createWorld()
  const server: MemoryServer = {
    rootId: world.rootId,
    log: [],
    intercept: () => {},
    afterwards: () => {},
    objects: world.objects,
    nodes: world.nodes,
    now: 0,
    find: (name) => [...world.nodes.values()].find(({ state }) => state.name === name)?.state,
    fetch: async (input, init = {}) => {
      const url = new URL(String(input))
      const what = url.host === 'store' ? `${init.method ?? 'GET'} object` : `${init.method} ${template(url.pathname)}`
      server.log.push(what)
      const instead = await server.intercept({ what, url: String(url), init })
      if (instead) return instead
      try {
        const answer =
          url.host === 'store' ? await world.store(url, init, server.now) : world.api(what, url, init, server.now)
        server.afterwards(what)
        return answer
      } catch (error) {
        if (error instanceof AppError) return problemResponse(error)
        throw error
      }
    },
  }
  return server
}

const template = (path: string): string => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
const json = (value: unknown, status = 200): Response => Response.json(value, { status })

function createWorld() {
  const objects = new Map<string, Uint8Array>()
  const nodes = new Map<string, Stored>()
  const uploads = new Map<string, Upload>()
  const locations = new Map<string, Location>()
  const results = new Map<string, MutationResult>()
  const rootId = randomUUID()
  let seq = 0
  const stateOf = (parentId: string | null, name: string, kind: 'folder' | 'file'): NodeStateWire => ({
    ...blankFolder(),
    id: parentId === null ? rootId : randomUUID(),
    spaceId: rootId,
    parentId,
    kind,
    name,
    changedSeq: ++seq,
    contentSeq: seq,
    placedSeq: seq,
  })
  nodes.set(rootId, { state: stateOf(null, 'home', 'folder'), content: null })
  const childOf = (parentId: string, name: string) =>
    [...nodes.values()].find(({ state }) => state.parentId === parentId && state.name === name)

  const reject = (mutationId: string, code: string): MutationResult => ({
    mutationId,
    outcome: 'rejected',
    problem: { code, status: 422 },
  })

  const write = (file: FileInit & { mutationId: string }, content: Content): MutationResult => {
    const known = results.get(file.mutationId)
    if (known) return known
    const target = file.target
    const present = 'node' in target ? nodes.get(target.node) : childOf(target.parent, target.name)
    const isStale = present !== undefined && present.state.contentRevision !== (file.base ?? 0)
    const name = isStale
      ? `${present.state.name} (conflicted copy)`
      : 'name' in target
        ? target.name
        : present!.state.name
    const node: Stored =
      isStale || present === undefined
        ? { state: stateOf('parent' in target ? target.parent : present!.state.parentId, name, 'file'), content }
        : present
    node.content = content
    const { size, mtimeNs = null, executable = false, sha256 = null } = file
    Object.assign(node.state, {
      size,
      mtimeNs,
      executable,
      sha256,
      codec: content.codec,
      contentRevision: node.state.contentRevision + 1,
    })
    nodes.set(node.state.id, node)
    const base = { mutationId: file.mutationId, seq: ++seq, node: { ...node.state } }
    const result: MutationResult = isStale
      ? { ...base, outcome: 'conflict', original: present.state.id }
      : { ...base, outcome: 'applied' }
    results.set(file.mutationId, result)
    return result
  }

  const contentOf = (input: FileInit['content']): Content =>
    input === undefined || 'inline' in input
      ? { codec: 'raw', chunks: [], inline: input?.inline ?? '' }
      : { codec: input.codec ?? 'raw', chunks: input.chunks, inline: null }

  const stage = (uploadId: string): void => {
    const upload = uploads.get(uploadId)!
    for (const [key, bytes] of objects) {
      const [owner, sha256 = ''] = key.split('/')
      if (owner !== uploadId) continue
      const pack = upload.packs.get(sha256) ?? [{ sha256, size: bytes.length }]
      let offset = 0
      for (const chunk of pack) {
        if (!locations.has(chunk.sha256)) locations.set(chunk.sha256, { key, offset, length: chunk.size })
        offset += chunk.size
      }
    }
  }

  const api = (what: string, url: URL, init: RequestInit, now: number): Response => {
    const ids = url.pathname.match(/[0-9a-f]{8}-[0-9a-f-]{27}/g) ?? []
    const id = ids[0] ?? ''
    const body = bodyOf(init)
    const expiresAt = now + 60_000
    switch (what) {
      case 'GET /v1/spaces':
        return json({ spaces: [{ id: rootId, name: 'home', kind: 'personal', rootId, role: 'manager' }] })
      case 'GET /v1/files/{id}':
        return json(need(nodes, id).state)
      case 'GET /v1/folders/{id}/children': {
        const children = [...nodes.values()].filter(({ state }) => state.parentId === id).map(({ state }) => state)
        return json({ folder: need(nodes, id).state, children, next: null })
      }
      case 'POST /v1/folders/batch': {
        const made: MutationResult[] = []
        for (const { parent, name, mutationId } of body.folders) {
          const parentId =
            typeof parent === 'string' ? parent : (made[parent.created] as { node: NodeStateWire }).node.id
          const state = childOf(parentId, name)?.state ?? stateOf(parentId, name, 'folder')
          nodes.set(state.id, { state, content: null })
          made.push({ mutationId, outcome: 'applied', seq, node: state })
        }
        return json({ results: made })
      }
      case 'POST /v1/files': {
        if (body.files.length > BATCH_MAX_FILES) throw new AppError('invalid-request', { field: 'files' })
        const missing = new Set<string>()
        const uploadId = randomUUID()
        const files = (body.files as (FileInit & { mutationId: string })[]).map((file, index) => {
          const { content, mutationId } = file
          if (file.target && 'name' in file.target && file.target.name === 'refuse-me')
            return { index, mutationId, state: 'done', result: reject(mutationId, 'name-invalid') }
          const lacking =
            content && 'chunks' in content ? content.chunks.filter((chunk) => !locations.has(chunk.sha256)) : []
          for (const chunk of lacking) missing.add(chunk.sha256)
          const isDone = content !== undefined && ('inline' in content || lacking.length === 0)
          if (isDone) return { index, mutationId, state: 'done', result: write(file, contentOf(content)) }
          return { index, mutationId, state: 'pending' }
        })
        const isOpen = files.some(({ state }) => state === 'pending')
        if (isOpen) uploads.set(uploadId, { files: body.files, packs: new Map(), state: 'open' })
        return json({ uploadId: isOpen ? uploadId : null, expiresAt, files, missing: [...missing], requests: [] }, 201)
      }
      case 'GET /v1/uploads/{id}': {
        const { state } = need(uploads, id)
        const arrived = [...objects.keys()].filter((key) => key.startsWith(`${id}/`)).map((key) => key.split('/')[1])
        return json({ uploadId: id, state, expiresAt, arrived: state === 'open' ? arrived : [] })
      }
      case 'POST /v1/uploads/{id}/objects': {
        const upload = need(uploads, id)
        const { check = [], objects: wanted = [] } = body
        for (const { sha256, pack } of wanted) if (pack) upload.packs.set(sha256, pack)
        const missing = check
          .map((chunk: { sha256: string }) => chunk.sha256)
          .filter((sha: string) => !locations.has(sha))
        const requests = wanted.map(({ sha256, size }: { sha256: string; size: number }) => ({
          sha256,
          request: {
            method: 'PUT',
            url: `http://store/${id}/${sha256}?until=${expiresAt}`,
            headers: {
              'content-length': String(size),
              'x-amz-content-sha256': sha256,
              'if-none-match': '*',
              host: 'store',
            },
            expiresAt,
          },
        }))
        return json({ expiresAt, missing, requests })
      }
      case 'DELETE /v1/uploads/{id}':
        uploads.delete(id)
        return new Response(null, { status: 204 })
      case 'POST /v1/files/{id}/commit': {
        const upload = need(uploads, id)
        stage(id)
        upload.state = 'committed'
        const all = upload.files.map((_, index) => ({ index }))
        const made = (body.files ?? all).map((patch: { index: number; base?: number }) => {
          const file = { ...upload.files[patch.index]!, ...patch } as FileInit & { mutationId: string }
          const content = contentOf(file.content)
          if (content.chunks.some((chunk) => !locations.has(chunk.sha256)))
            return reject(file.mutationId, 'upload-incomplete')
          return write(file, content)
        })
        return json({ results: made })
      }
      case 'GET /v1/files/{id}/content': {
        const { state, content } = need(nodes, id)
        if (content === null) throw new AppError('not-a-file')
        const from = Number(url.searchParams.get('from') ?? 0)
        const window = content.chunks.slice(from, from + 100)
        const requests = window.map((chunk) => {
          const { key, offset, length } = locations.get(chunk.sha256)!
          const headers = { range: `bytes=${offset}-${offset + length - 1}` }
          return { method: 'GET', url: `http://store/${key}?until=${expiresAt}`, headers, expiresAt }
        })
        const chunks = window.map((chunk, object) => ({ ...chunk, object, offset: 0 }))
        const next = from + 100 < content.chunks.length ? from + 100 : null
        const { contentRevision: revision, size, sha256 } = state
        return json({
          node: state,
          revision,
          codec: content.codec,
          size,
          sha256,
          inline: content.inline,
          from,
          next,
          chunks,
          objects: requests,
        })
      }
      default:
        throw new AppError('not-found', { detail: what })
    }
  }

  const store = async (url: URL, init: RequestInit, now: number): Promise<Response> => {
    const key = url.pathname.slice(1)
    const headers = new Headers(init.headers)
    if (now > Number(url.searchParams.get('until'))) return new Response('expired', { status: 403 })
    if (init.method === 'PUT') {
      const bytes = new Uint8Array(await new Response(init.body as ReadableStream).arrayBuffer())
      if (objects.has(key)) return new Response('there', { status: 412 })
      if (sha256Hex(bytes) !== headers.get('x-amz-content-sha256')) return new Response('mismatch', { status: 400 })
      objects.set(key, bytes)
      return new Response(null, { status: 200 })
    }
    const bytes = objects.get(key)
    if (!bytes) return new Response('no such key', { status: 404 })
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers.get('range') ?? '')
    if (!range) return new Response(Uint8Array.from(bytes))
    return new Response(Uint8Array.from(bytes.subarray(Number(range[1]), Number(range[2]) + 1)), { status: 206 })
  }

  return { api, store, objects, nodes, rootId }
}

function need<T>(map: Map<string, T>, id: string): T {
  const found = map.get(id)
  if (found === undefined) throw new AppError('not-found')
  return found
}

function bodyOf({ body }: RequestInit) {
  if (body instanceof ArrayBuffer) return JSON.parse(gunzipSync(body).toString())
  return typeof body === 'string' ? JSON.parse(body) : {}
}
