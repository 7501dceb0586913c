import type { z } from 'zod'
import { contentReply, mutationResult, type ContentReply, type MutationResult } from '../protocol/files.ts'
import {
  conflict,
  conflictsReply,
  spaceSettings,
  trashReply,
  versionsReply,
  type attributesBody,
  type ConflictWire,
  type copyBody,
  type moveBody,
  type resolveConflictBody,
  type restoreBody,
  type SpaceSettings,
  type SpaceSettingsBody,
  type symlinkBody,
  type TrashReply,
  type VersionsReply,
  type VersionWire,
} from '../protocol/mutations.ts'
import type { Api } from './api.ts'

export type TrashItem = TrashReply['items'][number]
export type Choice = z.input<typeof resolveConflictBody>['choice']

type Body<T extends z.ZodType> = Omit<z.input<T>, 'mutationId'>
export type Attributes = Body<typeof attributesBody>

/**
 * Everything that changes names, places and versions and sends no bytes, with trash, versions and conflicts to look at: one method a
 * request. Each change carries a mutation id of its own, so that a repeated attempt gives the first answer.
 * All throw `AppError` with the server's code, or `ConnectionError` when no answer came in time.
 */
export type Namespace = {
  move(node: string, to: Body<typeof moveBody>): Promise<MutationResult>
  /** `too-large` for more than one request may copy. */
  copy(node: string, to: Body<typeof copyBody>): Promise<MutationResult>
  /** Into the trash, as a unit. `base`: the content revision of a file that was seen; `seen`: what came below a folder later survives. */
  trash(node: string, seen?: { base?: number; seen?: number }): Promise<MutationResult>
  restore(node: string, to?: Body<typeof restoreBody>): Promise<MutationResult>
  purge(node: string): Promise<MutationResult>
  setAttributes(node: string, attributes: Attributes): Promise<MutationResult>
  createSymlink(link: Body<typeof symlinkBody>): Promise<MutationResult>
  /** The newest first, fetched page by page as they are consumed; so are the next two. */
  versions(file: string): AsyncIterable<VersionWire>
  restoreVersion(file: string, revision: number, base?: number): Promise<MutationResult>
  labelVersion(file: string, revision: number, label: string | null): Promise<MutationResult>
  trashed(of?: { space?: string }): AsyncIterable<TrashItem>
  conflicts(of?: { space?: string; state?: 'open' | 'all' }): AsyncIterable<ConflictWire>
  conflict(id: string): Promise<ConflictWire>
  /** As `Api.content`, of the write that came second. */
  conflictContent(id: string, options?: { from?: number }): Promise<ContentReply>
  resolveConflict(id: string, choice: Choice, base?: number): Promise<MutationResult>
  setSpace(id: string, settings: SpaceSettingsBody): Promise<SpaceSettings>
}

/** A server that kept giving pages would keep a client for ever. */
const PAGES_MAX = 100_000
const PAGE = 200
/** Our clients ask for the chunk list in place of the bytes. */
const CONTENT_LIST = 'application/vnd.bitvault.content+json'

export const namespaceOf = (api: Api): Namespace => ({ ...changes(api), ...versions(api), ...lists(api) })

type Transport = Api['transport']

const sender =
  (transport: Transport, method: 'POST' | 'PATCH') =>
  (route: string, path: string, body: object): Promise<MutationResult> =>
    transport.call({
      method,
      route,
      path,
      body: { mutationId: transport.newId(), ...body },
      parse: mutationResult.parse,
    })

function changes({
  transport,
}: Api): Pick<Namespace, 'move' | 'copy' | 'trash' | 'restore' | 'purge' | 'setAttributes' | 'createSymlink'> {
  const post = sender(transport, 'POST')
  const patch = sender(transport, 'PATCH')
  return {
    move: (node, to) => post('/v1/nodes/{id}/move', `/v1/nodes/${node}/move`, to),
    copy: (node, to) => post('/v1/nodes/{id}/copy', `/v1/nodes/${node}/copy`, to),
    trash: (node, seen = {}) =>
      transport.call({
        method: 'DELETE',
        route: '/v1/nodes/{id}',
        path: `/v1/nodes/${node}${query({ mutationId: transport.newId(), base: seen.base, seen: seen.seen })}`,
        parse: mutationResult.parse,
      }),
    restore: (node, to = {}) => post('/v1/nodes/{id}/restore', `/v1/nodes/${node}/restore`, to),
    purge: (node) => post('/v1/nodes/{id}/purge', `/v1/nodes/${node}/purge`, {}),
    setAttributes: (node, attributes) => patch('/v1/nodes/{id}', `/v1/nodes/${node}`, attributes),
    createSymlink: (link) => post('/v1/symlinks', '/v1/symlinks', link),
  }
}

function versions({ transport }: Api): Pick<Namespace, 'versions' | 'restoreVersion' | 'labelVersion'> {
  const one = '/v1/files/{id}/versions/{revision}'
  return {
    versions: (file) =>
      allPages(async (after: number | null) => {
        const page: VersionsReply = await transport.call({
          method: 'GET',
          route: '/v1/files/{id}/versions',
          path: `/v1/files/${file}/versions${query({ limit: PAGE, after })}`,
          parse: versionsReply.parse,
        })
        return { items: page.versions, next: page.next }
      }),
    restoreVersion: (file, revision, base) =>
      sender(transport, 'POST')(`${one}/restore`, `/v1/files/${file}/versions/${revision}/restore`, optional({ base })),
    labelVersion: (file, revision, label) =>
      sender(transport, 'PATCH')(one, `/v1/files/${file}/versions/${revision}`, { label }),
  }
}

function lists({
  transport,
}: Api): Pick<Namespace, 'trashed' | 'conflicts' | 'conflict' | 'conflictContent' | 'resolveConflict' | 'setSpace'> {
  const get = <T>(route: string, path: string, parse: (json: unknown) => T, accept?: string): Promise<T> =>
    transport.call({ method: 'GET', route, path, parse, ...(accept === undefined ? {} : { accept }) })
  return {
    trashed: ({ space } = {}) =>
      allPages(async (after: string | null) =>
        get('/v1/trash', `/v1/trash${query({ limit: PAGE, space, after })}`, trashReply.parse),
      ),
    conflicts: ({ space, state } = {}) =>
      allPages(async (after: string | null) => {
        const path = `/v1/conflicts${query({ limit: PAGE, space, state, after })}`
        const page = await get('/v1/conflicts', path, conflictsReply.parse)
        return { items: page.conflicts, next: page.next }
      }),
    conflict: (id) => get('/v1/conflicts/{id}', `/v1/conflicts/${id}`, conflict.parse),
    conflictContent: (id, { from } = {}) =>
      get(
        '/v1/conflicts/{id}/content',
        `/v1/conflicts/${id}/content${query({ from })}`,
        contentReply.parse,
        CONTENT_LIST,
      ),
    resolveConflict: (id, choice, base) =>
      sender(transport, 'POST')('/v1/conflicts/{id}/resolve', `/v1/conflicts/${id}/resolve`, {
        choice,
        ...optional({ base }),
      }),
    setSpace: (id, settings) =>
      transport.call({
        method: 'PATCH',
        route: '/v1/spaces/{id}',
        path: `/v1/spaces/${id}`,
        body: settings,
        parse: spaceSettings.parse,
      }),
  }
}

const optional = (values: { base: number | undefined }) => (values.base === undefined ? {} : { base: values.base })

function query(values: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && value !== null) search.set(key, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

async function* allPages<T, C>(page: (after: C | null) => Promise<{ items: T[]; next: C | null }>): AsyncIterable<T> {
  let after: C | null = null
  for (let count = 0; count < PAGES_MAX; count++) {
    const { items, next }: { items: T[]; next: C | null } = await page(after)
    yield* items
    if (next === null) return
    after = next
  }
}
