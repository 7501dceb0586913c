import type { z } from 'zod'
import type {
  CommitBody,
  ContentReply,
  ContentsReply,
  createFoldersBody,
  initUploadBody,
  InitUploadReply,
  ListReply,
  MutationResult,
  NodeStateWire,
  ResolveReply,
  Space,
  uploadObjectsBody,
  UploadObjectsReply,
  UploadStatusReply,
} from '../protocol/files.ts'
import type { PushEntryInput } from '../protocol/mutations.ts'
import type { whoamiReply } from '../protocol/identity.ts'
import type { ChangesReply, SnapshotReply } from '../protocol/sync.ts'
import { createEndpoints } from './endpoints.ts'
import { createTransport, type Transport, type TransportOptions } from './transport.ts'
import type { Span } from '../telemetry/tracer.ts'

/** What a caller may leave out, the schemas fill in. */
export type InitUpload = z.input<typeof initUploadBody>
export type UploadObjects = z.input<typeof uploadObjectsBody>
export type CreateFolders = z.input<typeof createFoldersBody>

/** Who the access token speaks for. */
export type Whoami = z.infer<typeof whoamiReply>

/**
 * One method an endpoint. Every call may be repeated by the transport: mutations carry an id, so that a repeated one gives
 * the first answer. All throw `AppError` with the server's code, or `ConnectionError` when no answer came in time.
 */
export type Api = {
  whoami(): Promise<Whoami>
  spaces(): Promise<Space[]>
  /** @param path `space/folder/file`, without encoding. */
  resolve(path: string): Promise<ResolveReply>
  stat(nodeId: string): Promise<NodeStateWire>
  /** All children in name order, fetched page by page as they are consumed. */
  children(folderId: string, options?: { pageSize?: number }): AsyncIterable<NodeStateWire>
  childrenPage(folderId: string, options?: { limit?: number; after?: string }): Promise<ListReply>
  /** `keep`: a folder of that name is the answer. */
  createFolder(folder: {
    parent: string
    name: string
    ifExists?: 'fail' | 'keep'
    mutationId?: string
  }): Promise<MutationResult>
  createFolders(body: CreateFolders): Promise<MutationResult[]>
  initUpload(body: InitUpload): Promise<InitUploadReply>
  uploadStatus(uploadId: string): Promise<UploadStatusReply>
  uploadObjects(uploadId: string, body: UploadObjects): Promise<UploadObjectsReply>
  abortUpload(uploadId: string): Promise<void>
  commit(uploadId: string, body?: CommitBody): Promise<MutationResult[]>
  /** A window of the chunk list, from chunk `from` on, with signed GETs: a secret, never to be logged. */
  content(nodeId: string, options?: { revision?: number; from?: number }): Promise<ContentReply>
  /** The chunk lists of up to 500 small files, and the signed GETs that they share: a secret too. What cannot be given is left out. */
  contents(files: readonly { id: string; revision: number }[]): Promise<ContentsReply>
  /** @param options `wait`: seconds that an empty page may wait for something to say. Throws resync-required: take a snapshot. */
  changes(options?: { cursor?: string; limit?: number; wait?: number; device?: string }): Promise<ChangesReply>
  /** A page of everything; the last one has the cursor from which `changes` goes on. */
  snapshot(options?: { after?: string; limit?: number; space?: string; device?: string }): Promise<SnapshotReply>
  /**
   * Up to 1,000 mutations, answered in their order; each brings its id, so a push that is repeated gives the first answers.
   * @param options `device`: a registered one of the user; `cursor`: where it stands, so that nothing is done after a restore (throws resync-required)
   */
  push(mutations: readonly PushEntryInput[], options?: { device?: string; cursor?: string }): Promise<MutationResult[]>
  /** A fresh id for a mutation (UUID version 7). */
  newMutationId(): string
  /** The same API, its calls traced below `span` and given up with `signal`. */
  with(bindings: { span?: Span; signal?: AbortSignal }): Api
  /** How bytes are moved to and from the object store; the same clock, dice, retries and trace as the calls. */
  readonly transport: Transport
}

export type ApiOptions = TransportOptions

/** @throws nothing by itself; see `Api` for what its methods throw. */
export const createApi = (options: ApiOptions): Api => createEndpoints(createTransport(options))
