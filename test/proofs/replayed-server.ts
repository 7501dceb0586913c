import type { NodeId, SessionId, SpaceId, UserId } from '../../core/ids.ts'
import type { Actor, Mutation, NodeState, Outcome } from '../../core/namespace/model.ts'
import type { Db } from '../../db/connect.ts'
import type { MutationResult, NodeStateWire } from '../../protocol/files.ts'
import type { Account } from '../support/account.ts'
import { NamespaceServer } from '../support/namespace-server.ts'

/** A row of the real journal. */
export type JournalRow = {
  seq: number
  kind: string
  nodeId: NodeId
  mutationId: string
  sessionId: SessionId
  at: number
  node: NodeState
}

export const readJournalRows = (owner: Db, tenantId: string): Promise<JournalRow[]> =>
  owner<JournalRow[]>`
    select seq::float8 as seq, kind, node_id as "nodeId", mutation_id as "mutationId", session_id as "sessionId",
      (extract(epoch from at) * 1000)::float8 as at, node
    from journal where tenant_id = ${tenantId} order by seq` as unknown as Promise<JournalRow[]>

export type Device = { account: Account; actor: Actor; name: string }

export function deviceOf(account: Account, name: string): Device {
  const claims = JSON.parse(Buffer.from(account.token.split('.')[1]!, 'base64url').toString())
  return { account, actor: { userId: claims.sub as UserId, sessionId: claims.sid as SessionId }, name }
}

/**
 * The server in memory, made to give the ids and times that the real one gave: then equal decisions give equal journals, down to the last
 * field.
 */
export function replayedServer(rows: readonly JournalRow[], devices: readonly Device[]) {
  const made = rows.filter(({ kind }) => kind === 'created').map(({ nodeId }) => nodeId)
  let now = 0
  const server = new NamespaceServer({
    now: () => now,
    idOf: (ordinal) => made[ordinal - 1] ?? (`not made ${ordinal}` as NodeId),
  })
  for (const { account, actor, name } of devices) {
    const space = account.home.id as SpaceId
    if (!server.node(account.home.rootId as NodeId)) server.addSpace(space, account.home.rootId as NodeId)
    server.addSession(actor.sessionId, actor.userId, name)
    server.setRoles(actor.userId, { [space]: 'manager' })
  }
  const timeOf = new Map(rows.map(({ mutationId, at }) => [mutationId, at]))
  const setTime = ({ id }: Mutation): void => void (now = timeOf.get(id) ?? now)
  return {
    server,
    commit(mutation: Mutation): Outcome {
      setTime(mutation)
      return server.commit(mutation)[0]!
    },
    /** What the answer would be; nothing changes. */
    peek(mutation: Mutation): Outcome {
      setTime(mutation)
      return server.decide([mutation]).outcomes[0]!
    },
  }
}

/** An answer in a form that both servers have: what was rejected, by its code. */
export function saidBy(result: MutationResult | Outcome): unknown {
  if (result.outcome === 'rejected')
    return { outcome: 'rejected', code: 'problem' in result ? result.problem.code : result.code }
  const { outcome, seq, node } = result
  const notice = outcome === 'applied' ? (result.notice ?? null) : null
  return { outcome, seq, node: withoutTimes(node), notice, original: outcome === 'conflict' ? result.original : null }
}

/**
 * Times of roots and of what was made before the first row are not known to the model; nor is when the collector came: then what was
 * trashed by itself has its place in the folder above the purged one.
 */
export function withoutTimes(node: NodeState | NodeStateWire) {
  const { createdAt: _createdAt, changedAt: _changedAt, trashedAt, ...rest } = node
  return trashedAt === null ? { ...rest, isTrashed: false } : { ...rest, parentId: null, isTrashed: true }
}
