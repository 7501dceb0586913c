import { DurableObject } from 'cloudflare:workers'
import { AppError } from '../core/errors.ts'
import type { MutationId, NodeId, SessionId, SpaceId, TenantId, UploadId, UserId } from '../core/ids.ts'
import type { NodeState } from '../core/namespace/model.ts'
import type { Manner } from '../db/connect.ts'
import {
  findConflict,
  findConflictContent,
  listConflicts,
  type ConflictPage,
  type ConflictRow,
} from '../db/tenant/conflicts.ts'
import { listTrash, listVersions, type TrashItem, type TrashPage, type VersionRow } from '../db/tenant/history.ts'
import { findPrincipal, findPrincipals, type ReadPrincipal, type SpaceAccess } from '../db/tenant/principal.ts'
import {
  findContent,
  findContents,
  findHeld,
  findPlaced,
  listChildren,
  walkPath,
  type FoundContent,
  type StoredContent,
  type Visible,
} from '../db/tenant/reads.ts'
import { updateSpaceSettings, type NewSettings, type SpaceSettings } from '../db/tenant/space-settings.ts'
import {
  abandonUpload,
  findUpload,
  findUploadState,
  insertPacks,
  insertUpload,
  type NewUpload,
  type StoredUpload,
  type UploadState,
} from '../db/tenant/uploads.ts'
import { readConfig } from './config.ts'
import { faultsOf } from './faults.ts'
import { found, living, requireContent } from './found.ts'
import { HeldDatabase } from './held-database.ts'
import { reply, type Reply } from './reply.ts'
import { SessionCache } from './session-cache.ts'
import { readSnapshot, type Snapshot, type SnapshotFrom } from './snapshot.ts'
import { telemetryOf, type Telemetry } from './telemetry.ts'

const CONNECTIONS = 4
/** A folder that goes between two questions would seem to be there, and empty. */
const AT_ONE_MOMENT: Manner = { snapshot: 'one' }

/**
 * Holds the connections for what is no change of the namespace: reads, and the bookkeeping of uploads. A held connection answers
 * about thirty times as many queries as one that is opened for each request. Any number of these may run for a tenant.
 */
export class TenantReader extends DurableObject<Env> {
  readonly #tenant: TenantId
  readonly #db: HeldDatabase
  readonly #sessions: SessionCache
  readonly #telemetry: Telemetry
  readonly #faults

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const config = readConfig(env)
    if (ctx.id.name === undefined) throw new Error('a reader is reached by the name of its tenant')
    this.#tenant = ctx.id.name as TenantId
    this.#db = new HeldDatabase(this.#tenant, config.databaseUrl, { max: CONNECTIONS, name: 'bitvault-reader' })
    this.#sessions = new SessionCache((sessions) => this.#db.read((tx) => findPrincipals(tx, this.#tenant, sessions)))
    this.#telemetry = telemetryOf('gateway', config)
    this.#faults = faultsOf(env)
  }

  spaces(session: SessionId): Promise<Reply<SpaceAccess[]>> {
    return this.#as(session, async ({ principal }) => principal.spaces)
  }

  /** Walks `names` down from the root of a space. The first node of the answer is the root. */
  walk(session: SessionId, space: string, names: string[]): Promise<Reply<{ space: SpaceAccess; nodes: NodeState[] }>> {
    return this.#as(session, async ({ principal }) => {
      const found = principal.spaces.find((s) =>
        space === 'home' ? s.mine && s.kind === 'personal' : s.name === space || s.id === space,
      )
      if (!found) throw new AppError('not-found', { field: 'path', detail: 'no such space' })
      const nodes = await this.#db.read((tx) => walkPath(tx, this.#tenant, found.rootId as NodeId, names))
      return { space: found, nodes }
    })
  }

  /** @throws not-found, in-trash */
  node(session: SessionId, id: NodeId): Promise<Reply<NodeState>> {
    return this.#as(session, async ({ visible }) => living(await this.#db.read((tx) => findPlaced(tx, visible, id))))
  }

  /** Also what is in the trash: for those who are about to change it, which decides by itself. */
  placed(session: SessionId, id: NodeId): Promise<Reply<NodeState>> {
    return this.#as(
      session,
      async ({ visible }) => found(await this.#db.read((tx) => findPlaced(tx, visible, id))).node,
    )
  }

  children(
    session: SessionId,
    id: NodeId,
    after: string | null,
    limit: number,
  ): Promise<Reply<{ folder: NodeState; children: NodeState[] }>> {
    return this.#as(session, ({ visible }) =>
      this.#db.read(async (tx) => {
        const [node, children] = await Promise.all([
          findPlaced(tx, visible, id),
          listChildren(tx, this.#tenant, id, after, limit),
        ])
        const folder = living(node)
        if (folder.kind !== 'folder') throw new AppError('not-a-folder')
        return { folder, children }
      }, AT_ONE_MOMENT),
    )
  }

  content(session: SessionId, id: NodeId, revision: number | null): Promise<Reply<StoredContent>> {
    return this.#as(session, ({ visible }) =>
      this.#db.read(async (tx) => {
        const [node, content] = await Promise.all([findPlaced(tx, visible, id), findContent(tx, visible, id, revision)])
        requireContent(living(node))
        return found(content)
      }, AT_ONE_MOMENT),
    )
  }

  /** Of many small files at once; what cannot be given is left out. */
  contents(
    session: SessionId,
    files: readonly { id: NodeId; revision: number }[],
    maxBytes: number,
  ): Promise<Reply<FoundContent[]>> {
    return this.#as(session, ({ visible }) => this.#db.read((tx) => findContents(tx, visible, files, maxBytes)))
  }

  /** A page of all that the caller may read, or of one space. `from`: the page before. */
  snapshot(
    session: SessionId,
    { from, limit, space }: { from: SnapshotFrom | null; limit: number; space: SpaceId | null },
  ): Promise<Reply<Snapshot & { spaces: SpaceId[] }>> {
    return this.#as(session, async ({ visible }) => {
      const { spaces } = visible
      if (space !== null && !spaces.includes(space))
        throw new AppError('not-found', { field: 'space', detail: 'no such space' })
      const asked = { ...visible, spaces: space === null ? spaces : [space] }
      const page = await this.#db.read((tx) => readSnapshot(tx, asked, { from, limit }))
      return { ...page, spaces: [...spaces] }
    })
  }

  versions(
    session: SessionId,
    id: NodeId,
    after: number | null,
    limit: number,
  ): Promise<Reply<{ node: NodeState; versions: VersionRow[] }>> {
    return this.#as(session, ({ visible }) =>
      this.#db.read(async (tx) => {
        const node = requireContent(living(await findPlaced(tx, visible, id)))
        return { node, versions: await listVersions(tx, visible, { node, after, limit }) }
      }),
    )
  }

  trash(session: SessionId, page: TrashPage): Promise<Reply<TrashItem[]>> {
    return this.#as(session, ({ visible }) => this.#db.read((tx) => listTrash(tx, visible, page)))
  }

  conflicts(session: SessionId, page: ConflictPage): Promise<Reply<ConflictRow[]>> {
    return this.#as(session, ({ visible }) => this.#db.read((tx) => listConflicts(tx, visible, page)))
  }

  conflict(session: SessionId, id: MutationId): Promise<Reply<ConflictRow>> {
    return this.#as(session, async ({ visible }) => found(await this.#db.read((tx) => findConflict(tx, visible, id))))
  }

  conflictContent(session: SessionId, id: MutationId): Promise<Reply<StoredContent>> {
    return this.#as(session, async ({ visible }) =>
      found(await this.#db.read((tx) => findConflictContent(tx, visible, id))),
    )
  }

  /** A change, though none of the journal: the session and the role are asked for anew, in its transaction. */
  setSpace(session: SessionId, id: SpaceId, settings: NewSettings): Promise<Reply<SpaceSettings>> {
    return this.#answer(() =>
      this.#db.read(async (tx) => {
        const principal = await findPrincipal(tx, this.#tenant, session)
        if (!principal) throw new AppError('session-revoked')
        const space = found(principal.spaces.find((known) => known.id === id) ?? null)
        if (space.role !== 'manager')
          throw new AppError('forbidden', { field: 'id', detail: 'only managers of a space may do this' })
        return found(await updateSpaceSettings(tx, this.#tenant, id, settings))
      }),
    )
  }

  /** Of these chunks, those that the caller need not upload. */
  held(session: SessionId, hashes: string[]): Promise<Reply<string[]>> {
    return this.#as(session, async ({ principal }) => [
      ...(await this.#db.read((tx) => findHeld(tx, this.#tenant, principal.userId, hashes))),
    ])
  }

  openUpload(session: SessionId, upload: Omit<NewUpload, 'userId' | 'sessionId'>): Promise<Reply<null>> {
    return this.#as(session, async ({ principal }) => {
      await this.#faults('init.before-write')
      await this.#db.read((tx) =>
        insertUpload(tx, this.#tenant, { ...upload, userId: principal.userId, sessionId: session }),
      )
      await this.#faults('init.after-write')
      return null
    })
  }

  /** The caller's own upload with all that was said of it. */
  upload(session: SessionId, id: UploadId): Promise<Reply<{ upload: StoredUpload }>> {
    return this.#as(session, ({ principal }) =>
      this.#db.read(async (tx) => ({ upload: found(await findUpload(tx, this.#tenant, principal.userId, id)) })),
    )
  }

  /** Declares packs of the caller's own open upload, and says which of `hashes` need not be uploaded. */
  progressUpload(
    session: SessionId,
    id: UploadId,
    { now, hashes, packs }: { now: number; hashes: string[]; packs: StoredUpload['packs'] },
  ): Promise<Reply<{ upload: UploadState; held: string[] }>> {
    return this.#as(session, ({ principal }) =>
      this.#db.read(async (tx) => {
        const [upload, held] = await Promise.all([
          findUploadState(tx, this.#tenant, principal.userId, id).then(found),
          findHeld(tx, this.#tenant, principal.userId, hashes),
        ])
        const isOpen = upload.state === 'open' && upload.expiresAt > now
        if (isOpen) await insertPacks(tx, this.#tenant, id, packs)
        return { upload, held: [...held] }
      }),
    )
  }

  abandon(session: SessionId, id: UploadId, sweepAt: number): Promise<Reply<null>> {
    return this.#as(session, ({ principal }) =>
      this.#db.read(async (tx) => {
        found(await findUpload(tx, this.#tenant, principal.userId, id))
        await abandonUpload(tx, this.#tenant, id, new Date(sweepAt))
        return null
      }),
    )
  }

  #as<T>(
    session: SessionId,
    work: (who: { principal: ReadPrincipal & { userId: UserId }; visible: Visible }) => Promise<T>,
  ): Promise<Reply<T>> {
    return this.#answer(async () => {
      const principal = await this.#sessions.require(session)
      const spaces = principal.spaces.map((space): SpaceId => space.id)
      return work({ principal, visible: { tenant: this.#tenant, spaces } })
    })
  }

  #answer<T>(work: () => Promise<T>): Promise<Reply<T>> {
    return reply(work, (error) => this.#telemetry.logError('reader', error))
  }
}
