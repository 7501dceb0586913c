import { noEffects, type Effects, type EntryKind } from '../../core/namespace/effects.ts'
import type { MutationId, NodeId, SessionId } from '../../core/ids.ts'
import type { Facts, NodeState } from '../../core/namespace/model.ts'
import { asTenant } from '../../db/connect.ts'
import { factsOf, gatherFacts, noFacts, type FactsWanted } from '../../db/tenant/facts.ts'
import { takeLease } from '../../db/tenant/lease.ts'
import { writeEffects } from '../../db/tenant/write-effects.ts'
import { asyncWorld, freshId, sha256 } from './async-world.ts'

type Change = Partial<NodeState> & { by?: SessionId; as?: EntryKind; purge?: boolean }

/** A tenant whose rows are written by the shell's own statements, from states that a test states itself. */
export async function treeWorld() {
  const world = await asyncWorld()
  const { app, tenantId, spaceId, rootId, userId, sessionId, clock } = world
  const nodes = new Map<NodeId, NodeState>()
  let seq = 0

  async function write(fill: (effects: Effects) => void): Promise<void> {
    const head = (await takeLease(app, tenantId))!
    const effects = noEffects(head.seq)
    fill(effects)
    seq = effects.seq
    await asTenant(app, tenantId, (tx) =>
      Promise.all(
        writeEffects(tx, tenantId, effects, { lease: head.lease, oldSeq: head.seq, at: new Date(clock.now) }),
      ),
    )
  }

  /** Writes states as one batch, an entry each. Without an id: a new file, or a folder if `kind` says so. */
  async function put(...changes: Change[]): Promise<NodeState[]> {
    const written: NodeState[] = []
    await write((effects) => written.push(...changes.map((change) => putInto(effects, change))))
    return written
  }

  function putInto(effects: Effects, { by = sessionId, as = 'updated', purge = false, ...change }: Change): NodeState {
    const before = change.id && nodes.get(change.id)
    const at = (effects.seq += 1)
    const placed = before?.parentId === change.parentId || change.parentId === undefined ? before?.placedSeq : at
    const node: NodeState = {
      ...(before ?? blank(change.kind ?? 'file')),
      changedSeq: at,
      placedSeq: placed ?? at,
      contentSeq: before && change.contentRevision === undefined ? before.contentSeq : at,
      ...change,
    }
    nodes.set(node.id, node)
    effects.nodes.set(node.id, node)
    if (before) effects.parked.add(node.id)
    if (purge) effects.purged.push(node.id)
    const actor = { userId, sessionId: by }
    const mutationId = freshId<MutationId>()
    const entry = { seq: at, kind: as, nodeId: node.id, spaceId, mutationId, actor, node, writtenBytes: null }
    effects.journal.push(entry)
    if (node.kind !== 'folder' && (!before || change.contentRevision !== undefined)) addVersion(effects, node)
    return node
  }

  function addVersion(effects: Effects, node: NodeState): void {
    const text = node.linkTarget ?? `${node.name} ${node.contentRevision}`
    const id = freshId<MutationId>()
    const bytes = Buffer.from(text)
    const content = { contentId: sha256(bytes), codec: 'raw', size: bytes.length, sha256: sha256(bytes) } as const
    effects.contents.push({ id, ...content, inline: bytes.toString('base64'), chunkCount: 0 })
    effects.versions.push({
      nodeId: node.id,
      revision: node.contentRevision,
      content: id,
      mtimeNs: node.mtimeNs,
      executable: node.executable,
      createdBy: userId,
      device: 'test',
      seq: node.changedSeq,
      conflictOf: null,
      baseRevision: node.contentRevision - 1,
    })
  }

  const blank = (kind: NodeState['kind']): NodeState => ({
    id: freshId<NodeId>(),
    spaceId,
    parentId: rootId,
    kind,
    name: String(freshId()),
    contentRevision: kind === 'folder' ? 0 : 1,
    placementRevision: 1,
    size: kind === 'folder' ? null : 1,
    sha256: kind === 'folder' ? null : sha256(Buffer.from('')),
    contentId: kind === 'folder' ? null : sha256(Buffer.from('')),
    codec: kind === 'folder' ? null : 'raw',
    mtimeNs: null,
    executable: false,
    linkTarget: null,
    properties: null,
    conflictPolicy: null,
    createdAt: clock.now,
    changedAt: clock.now,
    changedSeq: 0,
    contentSeq: 0,
    placedSeq: 0,
    trashedAt: null,
    trashedBy: null,
  })

  async function gather(wanted: Partial<FactsWanted>, facts: Facts = noFacts()): Promise<Facts> {
    await asTenant(app, tenantId, (tx) => gatherFacts(tx, tenantId, { ...factsOf([]), ...wanted }, facts))
    return facts
  }

  return { ...world, nodes, put, write, gather, head: () => seq }
}

export type TreeWorld = Awaited<ReturnType<typeof treeWorld>>
