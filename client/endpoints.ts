import {
  commitReply,
  contentReply,
  contentsReply,
  initUploadReply,
  listReply,
  mutationResult,
  nodeState,
  resolveReply,
  spacesReply,
  uploadObjectsReply,
  uploadStatusReply,
} from '../protocol/files.ts'
import { pushReply } from '../protocol/mutations.ts'
import { whoamiReply } from '../protocol/identity.ts'
import { changesReply, snapshotReply } from '../protocol/sync.ts'
import type { Api } from './api.ts'
import type { Transport } from './transport.ts'

/** Our clients ask for the chunk list in place of the bytes. */
const CONTENT_LIST = 'application/vnd.bitvault.content+json'
const PAGE_MAX = 1_000
/** A server that kept giving pages would keep a client for ever: more than any folder holds. */
const PAGES_MAX = 100_000

/** A list of so many chunks is worth packing. */
const LONG_CHUNKS = 64

type Parser<T> = { parse: (json: unknown) => T }

/** The endpoints of docs/spec/http-api.md over a transport. */
export function createEndpoints(transport: Transport): Api {
  const get = <T>(route: string, path: string, schema: Parser<T>, accept?: string): Promise<T> =>
    transport.call({ method: 'GET', route, path, parse: schema.parse, ...(accept === undefined ? {} : { accept }) })
  const post: Post = (route, path, body, schema, isLong = false) =>
    transport.call({ method: 'POST', route, path, body, isLong, parse: schema.parse })

  const childrenPage: Api['childrenPage'] = (folderId, { limit = PAGE_MAX, after } = {}) =>
    get('/v1/folders/{id}/children', `/v1/folders/${folderId}/children${query({ limit, after })}`, listReply)

  return {
    transport,
    newMutationId: () => transport.newId(),
    with: (bindings) => createEndpoints(transport.with(bindings)),
    whoami: () => get('/v1/auth/whoami', '/v1/auth/whoami', whoamiReply),
    spaces: async () => (await get('/v1/spaces', '/v1/spaces', spacesReply)).spaces,
    resolve: (path) => get('/v1/resolve', `/v1/resolve${query({ path })}`, resolveReply),
    stat: (nodeId) => get('/v1/files/{id}', `/v1/files/${nodeId}`, nodeState),
    childrenPage,
    children: (folderId, { pageSize = PAGE_MAX } = {}) =>
      allPages(async (after) => {
        const page = await childrenPage(folderId, { limit: pageSize, ...(after === null ? {} : { after }) })
        return { items: page.children, next: page.next }
      }),
    createFolder: (folder) =>
      post(
        '/v1/folders',
        '/v1/folders',
        { ...folder, mutationId: folder.mutationId ?? transport.newId() },
        mutationResult,
      ),
    createFolders: async (body) => (await post('/v1/folders/batch', '/v1/folders/batch', body, commitReply)).results,
    ...uploadEndpoints(transport, get, post),
    content: (nodeId, options = {}) =>
      get('/v1/files/{id}/content', `/v1/files/${nodeId}/content${query(options)}`, contentReply, CONTENT_LIST),
    contents: (files) => post('/v1/files/contents', '/v1/files/contents', { files }, contentsReply),
    push: async (mutations, options = {}) =>
      (await post('/v1/sync/push', '/v1/sync/push', { mutations, ...options }, pushReply)).results,
    changes: (options = {}) => get('/v1/sync/changes', `/v1/sync/changes${query(options)}`, changesReply),
    snapshot: (options = {}) => get('/v1/sync/snapshot', `/v1/sync/snapshot${query(options)}`, snapshotReply),
  }
}

type Get = <T>(route: string, path: string, schema: Parser<T>) => Promise<T>
type Post = <T>(route: string, path: string, body: unknown, schema: Parser<T>, isLong?: boolean) => Promise<T>
type UploadMethods = 'initUpload' | 'uploadStatus' | 'uploadObjects' | 'abortUpload' | 'commit'

function uploadEndpoints(transport: Transport, get: Get, post: Post): Pick<Api, UploadMethods> {
  return {
    initUpload: (body) => {
      // Each file gets its id before the first attempt, so that a repeated one cannot write twice.
      const files = body.files.map((file) => ({ ...file, mutationId: file.mutationId ?? transport.newId() }))
      const isLong = files.some(({ content }) => content && 'chunks' in content && content.chunks.length > LONG_CHUNKS)
      return post('/v1/files', '/v1/files', { ...body, files }, initUploadReply, isLong)
    },
    uploadStatus: (uploadId) => get('/v1/uploads/{uploadId}', `/v1/uploads/${uploadId}`, uploadStatusReply),
    uploadObjects: (uploadId, body) =>
      post('/v1/uploads/{uploadId}/objects', `/v1/uploads/${uploadId}/objects`, body, uploadObjectsReply, true),
    abortUpload: (uploadId) =>
      transport.call({
        method: 'DELETE',
        route: '/v1/uploads/{uploadId}',
        path: `/v1/uploads/${uploadId}`,
        parse: () => undefined,
      }),
    commit: async (uploadId, body = {}) =>
      (await post('/v1/files/{uploadId}/commit', `/v1/files/${uploadId}/commit`, body, commitReply, true)).results,
  }
}

function query(values: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(values)) if (value !== undefined) search.set(key, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

/** Follows keyset pages; the next page is asked for while the present one is consumed. */
async function* allPages<T>(
  page: (after: string | null) => Promise<{ items: T[]; next: string | null }>,
): AsyncIterable<T> {
  let upcoming: Promise<{ items: T[]; next: string | null }> | null = page(null)
  try {
    for (let count = 0; upcoming !== null && count < PAGES_MAX; count++) {
      const { items, next }: { items: T[]; next: string | null } = await upcoming
      upcoming = next === null ? null : page(next)
      // A page that fails while nobody waits for it must not be an unhandled rejection: it is thrown when its turn comes.
      upcoming?.catch(() => {})
      yield* items
    }
  } finally {
    upcoming?.catch(() => {})
  }
}
