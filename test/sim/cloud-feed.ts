import { AppError } from '../../core/errors.ts'
import type { NodeId } from '../../core/ids.ts'
import { requireWithin } from '../../core/namespace/cursor.ts'
import type { Actor, NodeState } from '../../core/namespace/model.ts'
import { snapshotNodes } from '../../core/namespace/snapshot.ts'
import type { RemoteChange } from '../../client/sync/ports.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { pathOf, unitBelow } from '../support/namespace-state.ts'
import type { Cloud } from './cloud.ts'

export type Page = { changes: RemoteChange[]; cursor: string; more: boolean }
export type SnapshotPage = { nodes: NodeStateWire[]; after: string | null; cursor: string | null; seq: number | null }

const toWire = (node: NodeState): NodeStateWire => ({ ...node }) as NodeStateWire

const formatPlace = (epoch: string, seq: number, after = ''): string => [epoch, seq, after].join('|')

function parsePlace(text: string): { epoch: string; seq: number; after: NodeId } {
  const [epoch, seq, after] = text.split('|')
  if (epoch === undefined || seq === undefined) throw new AppError('cursor-invalid', { field: 'cursor' })
  return { epoch, seq: Number(seq), after: after as NodeId }
}

export const epochOf = (cursor: string): string => parsePlace(cursor).epoch

function requireReach(cloud: Cloud, place: { epoch: string; seq: number }): void {
  const { epoch, seq } = cloud.state
  requireWithin(place, { epoch, seq, horizon: cloud.horizon })
}

const mayRead = (cloud: Cloud, actor: Actor): boolean => cloud.roleOf(actor) !== null

/** A page of the journal (docs/spec/feed.md). @throws resync-required */
export function readChanges(
  cloud: Cloud,
  actor: Actor,
  { cursor, limit }: { cursor: string | null; limit: number },
): Page {
  const { epoch, seq: head, journal } = cloud.state
  const from = cursor === null ? { epoch, seq: 0 } : parsePlace(cursor)
  if (cursor === null && head > 0) throw new AppError('resync-required', { reason: 'horizon' })
  requireReach(cloud, from)
  const entries = journal.slice(from.seq, from.seq + limit)
  const end = entries.at(-1)?.seq ?? from.seq
  const shown = mayRead(cloud, actor) ? entries : []
  return {
    changes: shown.map(({ seq, kind, node }) => ({ seq, kind, node: toWire(node) })),
    cursor: formatPlace(epoch, end),
    more: end < head,
  }
}

/** A page of all that is not purged, in the order of ids (FD-6, FD-7). @throws resync-required */
export function readSnapshot(
  cloud: Cloud,
  actor: Actor,
  { after: token, limit }: { after: string | null; limit: number },
): SnapshotPage {
  const { state } = cloud
  const place = token === null ? { epoch: state.epoch, seq: state.seq, after: null } : parsePlace(token)
  requireReach(cloud, place)
  const after = place.after
  const all = mayRead(cloud, actor) ? [...state.nodes.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)) : []
  const rest = all.filter(({ id }) => after === null || id > after)
  const rows = rest.slice(0, limit)
  const above = rows.flatMap(({ id }) => pathOf(state, id))
  const nodes = snapshotNodes({ nodes: rows, above, purged: [...state.purged] }, { after, seq: place.seq })
  const isLast = rest.length <= limit
  return {
    nodes: nodes.map(toWire),
    after: isLast ? null : formatPlace(place.epoch, place.seq, rows.at(-1)!.id),
    cursor: isLast ? formatPlace(place.epoch, place.seq) : null,
    seq: isLast ? place.seq : null,
  }
}

/** What lies below a folder now, each after its parent. */
export const readBelow = (cloud: Cloud, actor: Actor, folder: NodeId): NodeStateWire[] =>
  mayRead(cloud, actor) && cloud.server.isLive(folder) ? [...unitBelow(cloud.state, folder)].map(toWire) : []
