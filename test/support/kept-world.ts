import type { MutationId, NodeId, UploadId } from '../../core/ids.ts'
import type { ConflictPolicy, Mutation, Outcome, WriteFile } from '../../core/namespace/model.ts'
import { audit } from '../../db/system/audit.ts'
import { asyncWorld, freshId, GRACE_MS, openUpload, put, sha256, type AsyncWorld } from './async-world.ts'
import { commitIn } from './world-journal.ts'

type Applied = Extract<Outcome, { node: unknown }>

/** A tenant whose files come and go as clients make them, for the collectors to clean up after. */
export async function keptWorld() {
  const world = await asyncWorld()
  return Object.assign(world, changesOf(world), looksOf(world))
}

export type KeptWorld = Awaited<ReturnType<typeof keptWorld>>

/** Without what every mutation has. */
export type Asked = Mutation extends infer M
  ? M extends Mutation
    ? Omit<M, 'id' | 'fingerprint' | 'actor' | 'traceparent'>
    : never
  : never

function changesOf(world: AsyncWorld) {
  const { tenantId, userId, sessionId, rootId } = world
  const full = (asked: Asked): Mutation => {
    const id = freshId<MutationId>()
    return { ...asked, id, fingerprint: id, actor: { userId, sessionId }, traceparent: null } as Mutation
  }
  const attempt = async (asked: Asked, beforeCommit?: () => Promise<void>): Promise<Outcome> =>
    (await commitIn(world, tenantId, [full(asked)], beforeCommit))[0]!
  const change = async (asked: Asked): Promise<Applied> => {
    const outcome = await attempt(asked)
    if (outcome.outcome === 'rejected') throw new Error(`refused: ${outcome.code}`)
    return outcome
  }
  const make = async (asked: Asked): Promise<NodeId> => (await change(asked)).node.id
  const write = async (target: WriteFile['target'], base: number, bytes: Uint8Array, uploadId?: UploadId) => {
    const upload = uploadId ?? (await openUpload(world))
    const chunk = put(world, upload, bytes)
    const { node } = await change(writeOf(target, base, bytes, { uploadId: upload, chunk }))
    return { id: node.id, key: chunk.objectKey, uploadId: upload, revision: node.contentRevision }
  }
  return {
    attempt,
    change,
    folder: (name: string, parent: NodeId = rootId) => make({ kind: 'create-folder', parent, name, ifExists: 'fail' }),
    /** A file of one chunk in an upload of its own. */
    file: (name: string, bytes: Uint8Array, parent: NodeId = rootId) => write({ parent, name }, 0, bytes),
    rewrite: (node: NodeId, base: number, bytes: Uint8Array) => write({ node }, base, bytes),
    note: (name: string, text: string, parent: NodeId = rootId) => make(noteOf({ parent, name }, 0, text)),
    rewriteNote: (node: NodeId, base: number, text: string) => change(noteOf({ node }, base, text)),
    trash: (node: NodeId) => change({ kind: 'trash', node, base: null, seen: null }),
    purge: (node: NodeId) => change({ kind: 'purge', node }),
    discard: async (node: NodeId) => {
      await change({ kind: 'trash', node, base: null, seen: null })
      await change({ kind: 'purge', node })
    },
    copy: (node: NodeId, name: string, parent: NodeId = rootId) =>
      make({ kind: 'copy', node, revision: null, to: { parent, name }, ifExists: 'fail' }),
    label: (node: NodeId, revision: number, label: string | null) =>
      change({ kind: 'label-version', node, revision, label }),
    setPolicy: (node: NodeId, conflictPolicy: ConflictPolicy) =>
      change({ kind: 'set-attributes', node, conflictPolicy }),
  }
}

function writeOf(
  target: WriteFile['target'],
  base: number,
  bytes: Uint8Array,
  { uploadId, chunk }: { uploadId: UploadId; chunk: ReturnType<typeof put> },
): Asked {
  const { sha256: hash, ...location } = chunk
  const content = {
    codec: 'raw',
    size: bytes.length,
    sha256: hash,
    contentId: sha256(Buffer.from(hash)),
    held: 'chunks',
    chunks: [{ sha256: hash, size: bytes.length, plain: bytes.length }],
  } satisfies WriteFile['content']
  const staged = { [hash]: location }
  return {
    kind: 'write-file',
    nodeKind: 'file',
    uploadId,
    target,
    base,
    content,
    staged,
    mtimeNs: null,
    executable: false,
  }
}

/** A file of inline bytes. */
export function noteOf(target: WriteFile['target'], base: number, text: string): Asked {
  const bytes = Buffer.from(text)
  const hash = sha256(bytes)
  const contentId = sha256(Buffer.from(hash))
  const inline = bytes.toString('base64')
  const content = { codec: 'raw', size: bytes.length, sha256: hash, contentId, held: 'inline', inline } as const
  return {
    kind: 'write-file',
    nodeKind: 'file',
    uploadId: null,
    target,
    base,
    content,
    staged: {},
    mtimeNs: null,
    executable: false,
  }
}

function looksOf(world: AsyncWorld) {
  return {
    hasObject: async (key: string) => (await world.store.list(key)).objects.length > 0,
    audit: () => audit({ db: world.system, store: world.store, now: world.clock.now, graceMs: GRACE_MS }),
    /** Rows of nodes, by id. */
    async node(id: NodeId) {
      const [row] = await world.system<
        { parent: NodeId | null; trashed: boolean; purged: boolean; revision: number }[]
      >`
        select parent_id as parent, trashed_at is not null as trashed, purged_at is not null as purged,
          content_revision as revision from nodes where id = ${id}`
      return row ?? null
    },
    revisions: async (id: NodeId) => {
      const rows = await world.system<{ revision: number }[]>`
        select revision from versions where node_id = ${id} order by revision`
      return rows.map(({ revision }) => revision)
    },
    contents: async () => {
      const [row] = await world.system<{ count: number }[]>`select count(*)::int as count from contents`
      return row!.count
    },
  }
}
