import { randomUUID } from 'node:crypto'
import { ROUTES, type RouteName } from '../../protocol/routes.ts'
import { chunkedFile, inlineFile, sha256, signIn, someBytes, type Account } from '../support/account.ts'

/** What the routes are asked about: things of one member, all of them there. */
export type Things = {
  parent: string
  file: string
  upload: string
  path: string
  space: string
  /** The parent, where a body names it. */
  into: string
  /** Each for one row: it is another afterwards. */
  moved: string
  doomed: string
  trashed: string
  purged: string
  conflict: string
  device: string
}

/**
 * A request that succeeds for whoever owns the things.
 * `byId`: it names a thing, so for others it is unknown. `own`: it answers about the caller. `each`: entries answer one by one.
 */
export type Row = {
  about: 'byId' | 'own' | 'each'
  writes: boolean
  path: (t: Things) => string
  body?: (t: Things) => unknown
  headers?: Record<string, string>
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
  contents: {
    ...read('each', () => '/v1/files/contents'),
    body: ({ file }) => ({ files: [{ id: file, revision: 1 }] }),
  },
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
  snapshot: read('own', () => '/v1/sync/snapshot'),
  /** Whoever owns the device gets a stream, which does not end. */
  live: {
    ...read('byId', ({ device }) => `/v1/sync/live?device=${device}`),
    headers: { accept: 'text/event-stream' },
  },
  registerDevice: {
    ...read('byId', () => '/v1/devices'),
    body: ({ device: id }) => ({ id, name: 'a device', platform: 'linux-x64' }),
  },
  devices: read('own', () => '/v1/devices'),
  reportDevice: { ...read('byId', ({ device }) => `/v1/devices/${device}`), body: () => ({ lastError: null }) },
  revokeDevice: read('byId', ({ device }) => `/v1/devices/${device}`),
  move: write(
    'byId',
    ({ moved }) => `/v1/nodes/${moved}/move`,
    ({ into: parent }) => ({ parent, name: randomUUID() }),
  ),
  copy: write(
    'byId',
    ({ file }) => `/v1/nodes/${file}/copy`,
    ({ into: parent }) => ({ parent, name: randomUUID() }),
  ),
  moveToTrash: { ...read('byId', ({ doomed }) => `/v1/nodes/${doomed}`), writes: true },
  restore: write(
    'byId',
    ({ trashed }) => `/v1/nodes/${trashed}/restore`,
    () => ({}),
  ),
  purge: write(
    'byId',
    ({ purged }) => `/v1/nodes/${purged}/purge`,
    () => ({}),
  ),
  setAttributes: write(
    'byId',
    ({ file }) => `/v1/nodes/${file}`,
    () => ({ executable: true }),
  ),
  createSymlink: write(
    'byId',
    () => '/v1/symlinks',
    ({ parent }) => ({ parent, name: randomUUID(), target: 'secret.txt' }),
  ),
  versions: read('byId', ({ file }) => `/v1/files/${file}/versions`),
  labelVersion: write(
    'byId',
    ({ file }) => `/v1/files/${file}/versions/1`,
    () => ({ label: 'first' }),
  ),
  restoreVersion: write(
    'byId',
    ({ file }) => `/v1/files/${file}/versions/1/restore`,
    () => ({}),
  ),
  trash: read('own', ({ space }) => `/v1/trash?space=${space}`),
  conflicts: read('own', ({ space }) => `/v1/conflicts?space=${space}`),
  conflict: read('byId', ({ conflict }) => `/v1/conflicts/${conflict}`),
  conflictContent: read('byId', ({ conflict }) => `/v1/conflicts/${conflict}/content`),
  resolveConflict: write(
    'byId',
    ({ conflict }) => `/v1/conflicts/${conflict}/resolve`,
    () => ({ choice: 'theirs' }),
  ),
  setSpace: write(
    'byId',
    ({ space }) => `/v1/spaces/${space}`,
    () => ({ trashDays: 30 }),
  ),
  push: write(
    'each',
    () => '/v1/sync/push',
    ({ parent, file }) => ({
      mutations: [
        { id: randomUUID(), kind: 'create-folder', parent, name: randomUUID() },
        { id: randomUUID(), kind: 'copy', node: file, to: { parent, name: randomUUID() } },
      ],
    }),
  ),
  trace: read('own', () => `/v1/traces/${'1'.repeat(32)}`),
}

/**
 * A folder with a file in it, an upload that is open (its bytes have not come), things on their way into the trash, in it and
 * out of it, a conflict, and a device.
 */
export async function makeThings(owner: Account): Promise<Things> {
  const name = `secret ${randomUUID()}`
  const parent: string = (await owner.call('POST', '/v1/folders', { parent: owner.home.rootId, name })).body.node.id
  const write = async (file: string, text: string) =>
    (await owner.call('POST', '/v1/files', inlineFile(parent, file, text))).body.files[0].result
  const writeOther = async (text: string): Promise<string> => (await write(randomUUID(), text)).node.id
  const file = await write('secret.txt', 'secret')
  const upload = await owner.call('POST', '/v1/files', chunkedFile(parent, 'later.bin', someBytes(9_000)))
  const [trashed, purged] = [await writeOther('secret trash'), await writeOther('secret waste')]
  for (const id of [trashed, purged]) await owner.call('DELETE', `/v1/nodes/${id}`)
  const clash = await write('secret.txt', 'secret too')
  // Of a session of its own, which ends with it.
  const phone = await signIn(owner.url, owner.email, owner.password)
  const device = await phone.call('POST', '/v1/devices', { name: 'a phone', platform: 'ios' })
  return {
    parent,
    file: file.node.id,
    upload: upload.body.uploadId,
    path: `home/${name}/secret.txt`,
    space: owner.home.id,
    into: parent,
    moved: await writeOther('secret move'),
    doomed: await writeOther('secret end'),
    trashed,
    purged,
    conflict: clash.mutationId,
    device: device.body.id,
  }
}

/** Ids of nothing. A path is no secret: everyone has a home that it may be looked for in. */
export const noThings = ({ path, ...ids }: Things): Things => ({ ...changedIds(ids, () => randomUUID()), path })

/** @param change an id of something to an id of something else */
export const changedIds = <T extends Record<string, string>>(ids: T, change: (id: string) => string): T =>
  Object.fromEntries(Object.entries(ids).map(([what, id]) => [what, change(id)])) as T
