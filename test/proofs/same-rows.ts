import { expect } from 'vitest'
import type { NodeState } from '../../core/namespace/model.ts'
import type { Db } from '../../db/connect.ts'
import { NODE_JSON } from '../../db/tenant/node-json.ts'
import type { NamespaceServer } from '../support/namespace-server.ts'
import { withoutTimes } from './replayed-server.ts'

/** Every row that a change may have left, against the server in memory. The real collectors must have come to rest. */
export async function expectSameRows(owner: Db, tenantId: string, server: NamespaceServer): Promise<void> {
  server.collect()
  const { nodes, versions, contents, conflicts } = server.state
  const real = await readRows(owner, tenantId)
  expect(real.nodes).toEqual(inOrder([...nodes.values()].filter(({ parentId }) => parentId !== null).map(withoutTimes)))
  expect(real.versions).toEqual(inOrder([...versions.values()]))
  expect(real.contents).toEqual([...contents.keys()].toSorted())
  expect(real.conflicts).toEqual(inOrder([...conflicts.values()]))
}

/** With members as the server in memory names them. */
async function readRows(owner: Db, tenantId: string) {
  const nodes = await owner.unsafe<{ node: NodeState }[]>(
    `select ${NODE_JSON} as node from nodes n where tenant_id = $1 and parent_id is not null`,
    [tenantId],
  )
  const versions = await owner`
    select node_id as "nodeId", revision, content_ref as content, mtime_ns as "mtimeNs", executable, created_by as "createdBy", device,
      seq::float8 as seq, conflict_of as "conflictOf", base_revision as "baseRevision", label
    from versions where tenant_id = ${tenantId}`
  const contents = await owner<{ id: string }[]>`select id from contents where tenant_id = ${tenantId}`
  const conflicts = await owner`
    select id, space_id as "spaceId", original, copy, base_revision as "baseRevision", their_revision as "theirRevision",
      content_ref as content, node_kind as "nodeKind", mtime_ns as "mtimeNs", executable, user_id as "userId", device,
      seq::float8 as seq, resolution, resolved_by as "resolvedBy", resolved_seq::float8 as "resolvedSeq"
    from conflicts where tenant_id = ${tenantId}`
  return {
    nodes: inOrder(nodes.map(({ node }) => withoutTimes(node))),
    versions: inOrder(versions.map((row) => ({ ...row }))),
    contents: contents.map(({ id }) => id).toSorted(),
    conflicts: inOrder(conflicts.map((row) => ({ ...row }))),
  }
}

const inOrder = (rows: readonly object[]): object[] =>
  rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))

function keyOf(row: { id?: string; nodeId?: string; revision?: number }): string {
  return `${row.id ?? row.nodeId} ${row.revision ?? 0}`
}
