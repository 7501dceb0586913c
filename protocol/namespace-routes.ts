import { z } from 'zod'
import * as files from './files.ts'
import * as mutations from './mutations.ts'
import type { Route } from './routes.ts'

const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  after: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[\x21-\x7e]*$/, 'as `next` gave it')
    .optional(),
}
const ofSpace = { space: files.uuid.optional().describe('of this space; absent: of all that you may read') }
const versionsQuery = z.object({
  limit: pageQuery.limit,
  after: z.coerce.number().int().min(1).max(files.REVISION_MAX).optional(),
})
const trashQuery = z.object({ ...pageQuery, ...ofSpace })
const conflictsQuery = z.object({ ...pageQuery, ...ofSpace, state: z.enum(['open', 'all']).default('open') })
const changed = { policy: 'member', reply: files.mutationResult } as const

/** Changing the tree, one mutation a request; versions, trash and conflicts (docs/spec/http-api.md). */
export const NAMESPACE_ROUTES = {
  move: {
    ...changed,
    method: 'post',
    path: '/v1/nodes/:id/move',
    summary: 'Move, rename, or both',
    body: mutations.moveBody,
  },
  copy: {
    ...changed,
    method: 'post',
    path: '/v1/nodes/:id/copy',
    summary: 'Copy, with all that lies below; no bytes are read or written',
    body: mutations.copyBody,
    status: 201,
  },
  moveToTrash: {
    ...changed,
    method: 'delete',
    path: '/v1/nodes/:id',
    summary: 'Into the trash, with all that lies below',
    query: mutations.trashQuery,
  },
  restore: {
    ...changed,
    method: 'post',
    path: '/v1/nodes/:id/restore',
    summary: 'Out of the trash: to its place, to the nearest folder above it that lives, or where you say',
    body: mutations.restoreBody,
  },
  purge: {
    ...changed,
    method: 'post',
    path: '/v1/nodes/:id/purge',
    summary: 'Out of the trash for good',
    body: mutations.purgeBody,
  },
  setAttributes: {
    ...changed,
    method: 'patch',
    path: '/v1/nodes/:id',
    summary: 'Time, executable bit, properties, conflict policy',
    body: mutations.attributesBody,
  },
  createSymlink: {
    ...changed,
    method: 'post',
    path: '/v1/symlinks',
    summary: 'Make a symlink, or point it elsewhere',
    body: mutations.symlinkBody,
    status: 201,
  },
  versions: {
    method: 'get',
    path: '/v1/files/:id/versions',
    policy: 'member',
    summary: 'The versions of a file, the newest first',
    query: versionsQuery,
    reply: mutations.versionsReply,
  },
  labelVersion: {
    ...changed,
    method: 'patch',
    path: '/v1/files/:id/versions/:revision',
    summary: 'Label a version, which keeps it, or take its label away',
    body: mutations.labelVersionBody,
  },
  restoreVersion: {
    ...changed,
    method: 'post',
    path: '/v1/files/:id/versions/:revision/restore',
    summary: 'An old version becomes the newest again',
    body: mutations.restoreVersionBody,
  },
  trash: {
    method: 'get',
    path: '/v1/trash',
    policy: 'member',
    summary: 'What lies in the trash, the newest first',
    query: trashQuery,
    reply: mutations.trashReply,
  },
  conflicts: {
    method: 'get',
    path: '/v1/conflicts',
    policy: 'member',
    summary: 'Writes that met another',
    query: conflictsQuery,
    reply: mutations.conflictsReply,
  },
  conflict: {
    method: 'get',
    path: '/v1/conflicts/:id',
    policy: 'member',
    summary: 'A conflict: what was seen, both sides, who and when',
    reply: mutations.conflict,
  },
  conflictContent: {
    method: 'get',
    path: '/v1/conflicts/:id/content',
    policy: 'member',
    summary: 'The content that came second, as /v1/files/{id}/content gives it',
    query: z.object({ from: z.coerce.number().int().min(0).optional() }),
    reply: files.contentReply,
  },
  resolveConflict: {
    ...changed,
    method: 'post',
    path: '/v1/conflicts/:id/resolve',
    summary: 'End a conflict, once for all devices',
    body: mutations.resolveConflictBody,
  },
  setSpace: {
    method: 'patch',
    path: '/v1/spaces/:id',
    policy: 'member',
    summary: 'How long the trash and old versions are kept',
    body: mutations.spaceSettingsBody,
    reply: mutations.spaceSettings,
  },
  push: {
    method: 'post',
    path: '/v1/sync/push',
    policy: 'member',
    summary: 'Up to 1,000 mutations of any kind, answered in order',
    body: mutations.pushBodyShape,
    reply: mutations.pushReply,
  },
} as const satisfies Record<string, Route>
