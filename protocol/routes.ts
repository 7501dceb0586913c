import { z } from 'zod'
import * as files from './files.ts'
import { LIVE_ROUTES } from './live.ts'
import { NAMESPACE_ROUTES } from './namespace-routes.ts'
import * as sync from './sync.ts'

/**
 * Every route of the gateway, as data: the router, the policy check and the OpenAPI document are made from it, so none of
 * them can know a route that the others do not. A route without a policy does not compile.
 *
 * `public`: anyone. `member`: a signed-in member of a tenant; what they may see or change is decided where the rows are.
 */
export type Policy = 'public' | 'member'
export type Route = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  path: `/${string}`
  policy: Policy
  summary: string
  body?: z.ZodType
  query?: z.ZodObject
  reply?: z.ZodType
  /** Of the usual answer; default 200. */
  status?: number
}

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  after: z
    .string()
    .max(1_024)
    .regex(/^[^\0]*$/, 'no NUL')
    .optional(),
})
const contentQuery = z.object({
  revision: z.coerce.number().int().min(1).max(files.REVISION_MAX).optional(),
  from: z.coerce.number().int().min(0).optional(),
})
const resolveQuery = z.object({ path: z.string().min(1).max(32_768) })

export const ROUTES = {
  spaces: {
    method: 'get',
    path: '/v1/spaces',
    policy: 'member',
    summary: 'The spaces that you may read',
    reply: files.spacesReply,
  },
  resolve: {
    method: 'get',
    path: '/v1/resolve',
    policy: 'member',
    summary: 'A path to a node',
    query: resolveQuery,
    reply: files.resolveReply,
  },
  stat: { method: 'get', path: '/v1/files/:id', policy: 'member', summary: 'A file or folder', reply: files.nodeState },
  content: {
    method: 'get',
    path: '/v1/files/:id/content',
    policy: 'member',
    summary: "A file's content: bytes, a redirect to a signed URL, or (by Accept) its chunks",
    query: contentQuery,
    reply: files.contentReply,
  },
  contents: {
    method: 'post',
    path: '/v1/files/contents',
    policy: 'member',
    summary: 'The chunks of many small files, and signed GETs that they share',
    body: files.contentsBody,
    reply: files.contentsReply,
  },
  children: {
    method: 'get',
    path: '/v1/folders/:id/children',
    policy: 'member',
    summary: 'A page of a folder, in name order',
    query: listQuery,
    reply: files.listReply,
  },
  createFolder: {
    method: 'post',
    path: '/v1/folders',
    policy: 'member',
    summary: 'Make a folder',
    body: files.createFolderBody,
    reply: files.mutationResult,
    status: 201,
  },
  createFolders: {
    method: 'post',
    path: '/v1/folders/batch',
    policy: 'member',
    summary: 'Make folders, also inside one another',
    body: files.createFoldersBody,
    reply: files.commitReply,
  },
  ...NAMESPACE_ROUTES,
  initUpload: {
    method: 'post',
    path: '/v1/files',
    policy: 'member',
    summary: 'Begin an upload; inline and already held content is committed at once',
    body: z.union([files.initUploadBody, files.fileInit]),
    reply: files.initUploadReply,
    status: 201,
  },
  commitBatch: {
    method: 'post',
    path: '/v1/files/commit',
    policy: 'member',
    summary: 'Commit several uploads',
    body: files.commitBatchBody,
    reply: z.object({ commits: z.array(files.commitReply) }),
  },
  commitUpload: {
    method: 'post',
    path: '/v1/files/:uploadId/commit',
    policy: 'member',
    summary: 'Commit an upload',
    body: files.commitBody,
    reply: files.commitReply,
  },
  uploadStatus: {
    method: 'get',
    path: '/v1/uploads/:uploadId',
    policy: 'member',
    summary: 'What has arrived of an upload',
    reply: files.uploadStatusReply,
  },
  uploadObjects: {
    method: 'post',
    path: '/v1/uploads/:uploadId/objects',
    policy: 'member',
    summary: 'Which chunks are missing; signed PUTs; packs',
    body: files.uploadObjectsBody,
    reply: files.uploadObjectsReply,
  },
  abortUpload: {
    method: 'delete',
    path: '/v1/uploads/:uploadId',
    policy: 'member',
    summary: 'Give an upload up',
    status: 204,
  },
  changes: {
    method: 'get',
    path: '/v1/sync/changes',
    policy: 'member',
    summary: 'What changed since a cursor',
    query: sync.changesQuery,
    reply: sync.changesReply,
  },
  snapshot: {
    method: 'get',
    path: '/v1/sync/snapshot',
    policy: 'member',
    summary: 'Everything that you may read, page by page, and the cursor from which changes go on',
    query: sync.snapshotQuery,
    reply: sync.snapshotReply,
  },
  ...LIVE_ROUTES,
  trace: {
    method: 'get',
    path: '/v1/traces/:id',
    policy: 'member',
    summary: 'The spans of a trace, where a collector can be asked',
  },
  openapi: { method: 'get', path: '/v1/openapi.json', policy: 'public', summary: 'This document' },
  health: { method: 'get', path: '/healthz', policy: 'public', summary: 'The process lives' },
  ready: { method: 'get', path: '/readyz', policy: 'public', summary: 'Postgres and the object store answer' },
  metrics: { method: 'get', path: '/metrics', policy: 'public', summary: 'OpenMetrics' },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof ROUTES
