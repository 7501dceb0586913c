import { decideBatch } from '../../core/namespace/decide.ts'
import type { MutationId, NodeId, SessionId, Sha256, SpaceId, UploadId, UserId } from '../../core/ids.ts'
import type { CreateFolder, Facts, Mutation, NodeState, Outcome, WriteFile } from '../../core/namespace/model.ts'
import { childKey } from '../../core/namespace/view.ts'

/** A namespace in memory: applies effects the way the database does, and answers what is needed. */
export function world() {
  const space = 'space' as SpaceId
  const root = folder('root' as NodeId, null)
  const nodes = new Map<NodeId, NodeState>([[root.id, root]])
  const priors: Facts['priors'] = new Map()
  const uploads: Facts['uploads'] = new Map()
  const held = new Map<string, { objectKey: string; offset: number; length: number }>()
  const damaged = new Set<NodeId>()
  const journal: { seq: number; node: NodeState }[] = []
  let seq = 0
  let fresh = 0
  let roles: Record<string, 'reader' | 'writer' | 'manager'> = { [space]: 'manager' }
  let revoked = false

  function folder(id: NodeId, parentId: NodeId | null): NodeState {
    return {
      id,
      spaceId: space,
      parentId,
      kind: 'folder',
      name: String(id),
      contentRevision: 0,
      placementRevision: 1,
      size: null,
      sha256: null,
      contentId: null,
      codec: null,
      mtimeNs: null,
      executable: false,
      linkTarget: null,
      properties: null,
      conflictPolicy: null,
      createdAt: 0,
      changedAt: 0,
      changedSeq: 0,
      contentSeq: 0,
      placedSeq: 0,
      trashedAt: null,
      trashedBy: null,
    }
  }

  function facts(): Facts {
    const principal = revoked
      ? ({ standing: 'revoked' } as const)
      : ({ standing: 'active', userId: 'user' as UserId, device: "Anna's laptop", roles } as const)
    return {
      seq,
      principals: new Map([['session' as SessionId, principal]]),
      priors,
      nodes: new Map(),
      children: new Map(),
      uploads,
      held: new Map(),
      damaged: new Map(),
    }
  }

  /** Gathers, decides and applies, as the journal does. */
  function commit(...mutations: Mutation[]): Outcome[] {
    const known = facts()
    const ids = mutations.map(() => `n${++fresh}` as NodeId)
    for (let round = 0; round < 100; round++) {
      const decision = decideBatch(
        { ...known, nodes: new Map(known.nodes), children: new Map(known.children) },
        mutations,
        1_700_000_000_000,
        ids,
      )
      if (decision.at === 'decided') return apply(decision)
      for (const id of decision.needs.nodes) known.nodes.set(id, nodes.get(id) ?? null)
      for (const [key, { parent, key: name }] of decision.needs.children) {
        known.children.set(
          key,
          [...nodes.values()].find(
            (n) => n.parentId === parent && childKey(parent, n.name) === childKey(parent, name),
          ) ?? null,
        )
      }
      for (const [key] of decision.needs.held) known.held.set(key, held.get(key) ?? null)
      for (const id of decision.needs.damaged) known.damaged.set(id, damaged.has(id))
    }
    throw new Error('never decided')
  }

  function apply({
    outcomes,
    effects,
  }: {
    outcomes: Outcome[]
    effects: ReturnType<typeof decideBatch> extends infer D ? (D extends { effects: infer E } ? E : never) : never
  }) {
    for (const [id, node] of effects.nodes) nodes.set(id, node)
    for (const { seq: at, node } of effects.journal) journal.push({ seq: at, node })
    for (const { mutationId, fingerprint, outcome } of effects.answers) priors.set(mutationId, { fingerprint, outcome })
    seq = effects.seq
    return outcomes
  }

  return {
    space,
    root: root.id,
    nodes,
    journal,
    uploads,
    held,
    damaged,
    commit,
    setRoles: (next: typeof roles) => (roles = next),
    revoke: () => (revoked = true),
    children: (parent: NodeId) => [...nodes.values()].filter((n) => n.parentId === parent),
  }
}

const common = (id: string) => ({
  id: id as MutationId,
  fingerprint: `f-${id}`,
  actor: { userId: 'user' as UserId, sessionId: 'session' as SessionId },
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
