import type { NodeId, SpaceId } from '../../core/ids.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { FEED_PAGE_MAX } from '../../protocol/sync.ts'
import type { Api } from '../api.ts'
import type { OpenWebSocket } from '../live-connection.ts'
import type { UploadJournal } from '../transfer/upload-journal.ts'
import { chunksOfVersion, downloadVersion } from './http-download.ts'
import { followNews } from './http-live.ts'
import { uploadFilesOver } from './http-upload.ts'
import type { Clock, Disk, Random, Remote } from './ports.ts'
import type { Rate } from './rate.ts'
import { SmallDownloads } from './small-downloads.ts'
import { RootGone } from './root-gone.ts'

export type HttpRemoteOptions = {
  /** Its retries should be few: the engine waits and comes back by itself, and says so. */
  api: Api
  baseUrl: string
  accessToken: () => Promise<string>
  openWebSocket: OpenWebSocket
  fetch: typeof fetch
  clock: Clock
  random: Random
  disk: Disk
  space: SpaceId
  /** The folder that is kept in step. Absent: whether it lies below one that was deleted is not looked at. */
  root?: NodeId
  /** A registered device: cursors are bound to it. */
  device?: string
  /** Remembers open uploads over restarts. */
  journal?: UploadJournal
  /** Bytes of files on their way out. */
  up: Rate
  /** What the person may do here may have changed: the server said so, or the connection was away. */
  onAccess?: () => void
}

/** Folders that are listed at once. */
const LISTED_AT_ONCE = 8

/** The server over HTTP, as one device sees one space of it. Throws as `Remote` says; `RootGone` when the space may not be read any more. */
export function createHttpRemote(options: HttpRemoteOptions): Remote {
  const { api, space, device } = options
  const small = new SmallDownloads(api, options.clock)
  const bound = device === undefined ? {} : { device }
  /** The epoch in which what is pushed was seen (PU-15). */
  let lastCursor: string | null = null
  const requireSpace = (spaces: readonly string[]): void => {
    if (!spaces.includes(space)) throw new RootGone()
  }
  const isOurs = ({ spaceId }: NodeStateWire): boolean => spaceId === space
  return {
    changes: async (cursor, waitMs) => {
      if (cursor === null) throw new AppError('resync-required', { reason: 'horizon' })
      const reply = await api.changes({ cursor, limit: FEED_PAGE_MAX, wait: waitMs / 1_000, ...bound })
      requireSpace(reply.spaces)
      const changes = reply.changes.filter(({ node }) => isOurs(node))
      // With a folder goes all that lies below it, and only the folder is told.
      if (changes.some(({ kind, node }) => kind === 'trashed' && node.kind === 'folder')) await requireRoot(options)
      lastCursor = reply.cursor
      return { changes, cursor: reply.cursor, more: reply.more }
    },
    snapshot: async (after) => {
      const place = after === null ? {} : { after }
      const reply = await api.snapshot({ ...place, space, limit: FEED_PAGE_MAX, ...bound })
      requireSpace(reply.spaces)
      if (reply.cursor !== null) {
        await requireRoot(options)
        lastCursor = reply.cursor
      }
      return { nodes: reply.nodes, after: reply.next, cursor: reply.cursor, seq: reply.seq ?? null }
    },
    below: (folder) => listBelow(api, folder),
    push: (entries) => api.push(entries, { ...bound, ...(lastCursor === null ? {} : { cursor: lastCursor }) }),
    upload: (files, signal) => uploadFilesOver(options, files, signal),
    download: (version, have, learn) => downloadVersion(api, { version, have, small, ...(learn && { learn }) }),
    chunks: (node, revision) => chunksOfVersion(api, { node, revision }),
    sent: () => options.up.total(),
    live: (cursor, onNews, signal) => followNews(options, { cursor, onNews, signal }),
  }
}

/** @throws RootGone: it is in the trash, itself or with a folder above it, or not to be had at all */
async function requireRoot({ api, root }: HttpRemoteOptions): Promise<void> {
  if (root === undefined) return
  try {
    if ((await api.stat(root)).trashedAt !== null) throw new RootGone()
  } catch (error) {
    const isGone = error instanceof AppError && (error.code === 'in-trash' || error.code === 'not-found')
    throw isGone ? new RootGone() : error
  }
}

/** Level by level: a folder comes before what is in it. */
async function* listBelow(api: Api, top: NodeId): AsyncGenerator<NodeStateWire, void, undefined> {
  let level: string[] = [top]
  while (level.length > 0) {
    const next: string[] = []
    for (let at = 0; at < level.length; at += LISTED_AT_ONCE) {
      const lists = await Promise.all(level.slice(at, at + LISTED_AT_ONCE).map((folder) => listFolder(api, folder)))
      for (const node of lists.flat()) {
        if (node.kind === 'folder') next.push(node.id)
        yield node
      }
    }
    level = next
  }
}

/** Nothing, when it is gone meanwhile: the journal tells so. */
async function listFolder(api: Api, folder: string): Promise<NodeStateWire[]> {
  const children: NodeStateWire[] = []
  try {
    for await (const child of api.children(folder)) children.push(child)
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'not-found' && error.code !== 'in-trash')) throw error
  }
  return children
}
