import type { MutationId, NodeId, SessionId, Sha256, SpaceId, UploadId, UserId } from '../../core/ids.ts'
import type {
  Actor,
  Copy,
  CreateFolder,
  Move,
  Mutation,
  NodeRef,
  Purge,
  Restore,
  SpaceRole,
  Trash,
  WriteFile,
} from '../../core/namespace/model.ts'
import { NamespaceServer, type NamespaceServerOptions } from './namespace-server.ts'

export const ANNA: Actor = { userId: 'user' as UserId, sessionId: 'session' as SessionId }
/** Anna again, on her phone. */
export const PHONE: Actor = { ...ANNA, sessionId: 'session of the phone' as SessionId }
export const BEN: Actor = { userId: 'ben' as UserId, sessionId: 'session of ben' as SessionId }

/** A server in memory with one space, Anna with two devices (she is a manager) and Ben (he writes). */
export function world(options: NamespaceServerOptions = {}) {
  const server = new NamespaceServer(options)
  const space = 'space' as SpaceId
  const otherSpace = 'other space' as SpaceId
  const root = server.addSpace(space, 'root' as NodeId)
  server.addSession(ANNA.sessionId, ANNA.userId, "Anna's laptop")
  server.addSession(PHONE.sessionId, PHONE.userId, "Anna's phone")
  server.addSession(BEN.sessionId, BEN.userId, "Ben's desk")
  server.setRoles(ANNA.userId, { [space]: 'manager', [otherSpace]: 'manager' })
  server.setRoles(BEN.userId, { [space]: 'writer' })
  const { nodes, uploads, held } = server.state
  return {
    server,
    space,
    root,
    otherSpace,
    /** Anna manages it too; Ben knows nothing of it. @returns its root */
    addOtherSpace: () => server.addSpace(otherSpace, 'other root' as NodeId),
    nodes,
    uploads,
    held,
    journal: server.journal,
    commit: (...mutations: Mutation[]) => server.commit(...mutations),
    damage: (node: NodeId) => server.damage(node),
    setRoles: (roles: Record<string, SpaceRole>, userId = ANNA.userId) => server.setRoles(userId, roles),
    revoke: (sessionId = ANNA.sessionId) => server.revoke(sessionId),
    children: (parent: NodeId) => server.children(parent),
    tree: () => server.tree(root),
    /** The node at a path like `a/b.txt`: what lives there now. */
    at: (path: string) => {
      let at = root
      for (const name of path.split('/')) at = server.children(at).find((node) => node.name === name)!.id
      return server.node(at)!
    },
  }
}

/** The same mutation, sent by somebody else. */
export const by = <M extends Mutation>(actor: Actor, mutation: M): M => ({ ...mutation, actor })

export const common = (id: string) => ({
  id: id as MutationId,
  fingerprint: `f-${id}`,
  actor: ANNA,
  traceparent: null,
})
export const mkdir = (id: string, parent: NodeId, name: string, ifExists: 'fail' | 'keep' = 'fail'): CreateFolder => ({
  ...common(id),
  kind: 'create-folder',
  parent,
  name,
  ifExists,
})
export const hash = (text: string) =>
  Buffer.from(text.padEnd(32, '.')).toString('hex').slice(0, 64).padEnd(64, '0') as Sha256

export function write(id: string, target: WriteFile['target'], base: number, text: string): WriteFile {
  const inline = Buffer.from(text).toString('base64')
  const size = Buffer.byteLength(text)
  const content = {
    codec: 'raw',
    size,
    sha256: hash(text),
    held: 'inline',
    inline,
    contentId: hash(`m${text}`),
  } as const
  return {
    ...common(id),
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

export function writeChunks(
  id: string,
  target: WriteFile['target'],
  chunks: { name: string; size: number; staged: boolean }[],
  uploadId: string | null = 'upload',
): WriteFile {
  const staged: WriteFile['staged'] = {}
  for (const { name, size, staged: here } of chunks)
    if (here) staged[hash(name)] = { objectKey: `u/${name}`, offset: 0, length: size, verified: true }
  const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0)
  const content = {
    codec: 'raw',
    size,
    sha256: hash(id),
    held: 'chunks',
    chunks: chunks.map((c) => ({ sha256: hash(c.name), size: c.size, plain: c.size })),
    contentId: hash(`m${id}`),
  } as const
  return {
    ...common(id),
    kind: 'write-file',
    nodeKind: 'file',
    uploadId: uploadId as UploadId | null,
    target,
    base: 0,
    content,
    staged,
    mtimeNs: null,
    executable: false,
  }
}

export const move = (
  id: string,
  node: NodeId,
  parent: NodeRef,
  name: string,
  { base = null, ifExists = 'fail', seen = null }: Partial<Pick<Move, 'base' | 'ifExists' | 'seen'>> = {},
): Move => ({ ...common(id), kind: 'move', node, to: { parent, name }, base, ifExists, seen })

export const copy = (
  id: string,
  node: NodeId,
  parent: NodeRef,
  name: string,
  { revision = null, ifExists = 'fail' }: Partial<Pick<Copy, 'revision' | 'ifExists'>> = {},
): Copy => ({ ...common(id), kind: 'copy', node, revision, to: { parent, name }, ifExists })

export const trash = (
  id: string,
  node: NodeId,
  { base = null, seen = null }: Partial<Pick<Trash, 'base' | 'seen'>> = {},
): Trash => ({ ...common(id), kind: 'trash', node, base, seen })

export const restore = (id: string, node: NodeId, to: Restore['to'] = null): Restore => ({
  ...common(id),
  kind: 'restore',
  node,
  to,
})

export const purge = (id: string, node: NodeId): Purge => ({ ...common(id), kind: 'purge', node })
