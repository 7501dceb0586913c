import { randomUUID } from 'node:crypto'
import { ROUTES, type RouteName } from '../../protocol/routes.ts'
import { chunkedFile, inlineFile, sha256, someBytes, type Account } from '../support/account.ts'

/** What the routes are asked about: things of one member, all of them there. */
export type Things = { parent: string; file: string; upload: string; path: string }

/**
 * A request that succeeds for whoever owns the things.
 * `byId`: it names a thing, so for others it is unknown. `own`: it answers about the caller. `each`: entries answer one by one.
 */
export type Row = {
  about: 'byId' | 'own' | 'each'
  writes: boolean
  path: (t: Things) => string
  body?: (t: Things) => unknown
}

export type MemberRoute = {
  [Name in RouteName]: (typeof ROUTES)[Name]['policy'] extends 'member' ? Name : never
}[RouteName]

const read = (about: Row['about'], path: Row['path']): Row => ({ about, writes: false, path })
const write = (about: Row['about'], path: Row['path'], body: (t: Things) => unknown): Row => ({
  about,
  writes: true,
  path,
  body,
})
const folder = (parent: string) => ({ mutationId: randomUUID(), parent, name: randomUUID() })

/** A member's route without a row does not compile, and a row is asked with every kind of token. */
export const ROWS: Record<MemberRoute, Row> = {
  spaces: read('own', () => '/v1/spaces'),
  resolve: read('own', ({ path }) => `/v1/resolve?path=${encodeURIComponent(path)}`),
  stat: read('byId', ({ file }) => `/v1/files/${file}`),
  content: read('byId', ({ file }) => `/v1/files/${file}/content`),
  children: read('byId', ({ parent }) => `/v1/folders/${parent}/children`),
  createFolder: write(
    'byId',
    () => '/v1/folders',
    ({ parent }) => folder(parent),
  ),
  createFolders: write(
    'each',
    () => '/v1/folders/batch',
    ({ parent }) => ({ folders: [folder(parent)] }),
  ),
  initUpload: write(
    'byId',
    () => '/v1/files',
    ({ parent }) => inlineFile(parent, randomUUID(), 'x'),
  ),
  commitBatch: write(
    'each',
    () => '/v1/files/commit',
    ({ upload }) => ({ commits: [{ uploadId: upload }] }),
  ),
  commitUpload: write(
    'byId',
    ({ upload }) => `/v1/files/${upload}/commit`,
    () => ({}),
  ),
  uploadStatus: read('byId', ({ upload }) => `/v1/uploads/${upload}`),
  uploadObjects: {
    ...read('byId', ({ upload }) => `/v1/uploads/${upload}/objects`),
    body: () => ({ check: [{ sha256: sha256('x'), size: 1 }] }),
  },
  abortUpload: read('byId', ({ upload }) => `/v1/uploads/${upload}`),
  changes: read('own', () => '/v1/sync/changes'),
  trace: read('own', () => `/v1/traces/${'1'.repeat(32)}`),
}

/** A folder with a file in it, and an upload that is open: its bytes have not come. */
export async function makeThings(owner: Account): Promise<Things> {
  const name = `secret ${randomUUID()}`
  const parent: string = (await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name })).body.node.id
  const file = await owner.call('POST', '/v1/files', inlineFile(parent, 'secret.txt', 'secret'))
  const upload = await owner.call('POST', '/v1/files', chunkedFile(parent, 'later.bin', someBytes(9_000)))
  return {
    parent,
    file: file.body.files[0].result.node.id,
    upload: upload.body.uploadId,
    path: `home/${name}/secret.txt`,
  }
}

/** Ids of nothing. A path is no secret: everyone has a home that it may be looked for in. */
export const noThings = ({ path }: Things): Things => ({
  parent: randomUUID(),
  file: randomUUID(),
  upload: randomUUID(),
  path,
})
