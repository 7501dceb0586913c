import type { NodeId, UserId } from '../../core/ids.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import type { Hand } from './conflict-stages.ts'
import type { StoredConflict, StoredVersion } from './namespace-state.ts'

type VersionRow = Omit<StoredVersion, 'content' | 'mtimeNs' | 'executable'> & { sha256: string }
type ConflictRow = Pick<
  StoredConflict,
  'original' | 'copy' | 'baseRevision' | 'theirRevision' | 'nodeKind' | 'userId' | 'device' | 'seq' | 'resolution'
> & { resolvedBy: UserId | null; resolvedSeq: number | null; sha256: string }

/** What a server holds in the end, of whatever was not purged. */
export type Holding = {
  root: NodeId
  nodes: readonly NodeState[]
  versions: readonly VersionRow[]
  conflicts: readonly ConflictRow[]
  hands: ReadonlyMap<UserId, Hand>
}

/**
 * By the name of each cell's folder, everything in it, in words that two servers share: paths instead of ids, hands instead of people,
 * and instead of a seq its place among those of the cell.
 */
export function cellTrees({ root, nodes, versions, conflicts, hands }: Holding): Map<string, string[]> {
  const below = Map.groupBy(nodes, ({ parentId }) => parentId)
  const versionsOf = Map.groupBy(versions, ({ nodeId }) => nodeId)
  const conflictsOf = Map.groupBy(conflicts, ({ original }) => original)
  return new Map(
    (below.get(root) ?? []).map((top) => {
      const cell = [top]
      for (const { id } of cell) cell.push(...(below.get(id) ?? []))
      const rows = {
        nodes: cell,
        versions: cell.flatMap(({ id }) => versionsOf.get(id) ?? []),
        conflicts: cell.flatMap(({ id }) => conflictsOf.get(id) ?? []),
      }
      return [top.name, describe(rows, hands)]
    }),
  )
}

type Rows = { nodes: NodeState[]; versions: VersionRow[]; conflicts: ConflictRow[] }

/** What two servers call differently, in words of the cell. */
type Words = {
  path(id: NodeId | null): string | null
  hand(user: UserId | null): Hand | null
  place(seq: number | null): number | null
}

function describe(rows: Rows, hands: Holding['hands']): string[] {
  const { nodes, versions, conflicts } = rows
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const words: Words = {
    path(id) {
      const node = id === null ? undefined : byId.get(id)
      return node ? [words.path(node.parentId), timeless(node.name)].filter((name) => name !== null).join('/') : null
    },
    hand: (user) => (user === null ? null : (hands.get(user) ?? null)),
    place: placesOf([
      ...nodes.flatMap(({ changedSeq, contentSeq, placedSeq }) => [changedSeq, contentSeq, placedSeq]),
      ...versions.map(({ seq }) => seq),
      ...conflicts.flatMap(({ seq, resolvedSeq }) => [seq, resolvedSeq]),
    ]),
  }
  return [
    ...nodes.map((node) => describeNode(words, node)),
    ...versions.map((version) => describeVersion(words, version)),
    ...conflicts.map((conflict) => describeConflict(words, conflict)),
  ]
    .map(inOneOrder)
    .toSorted()
}

function describeNode({ path, hand, place }: Words, node: NodeState) {
  const {
    id,
    spaceId: _space,
    parentId: _parent,
    name: _name,
    createdAt: _created,
    changedAt: _changed,
    ...rest
  } = node
  return {
    ...rest,
    node: path(id),
    changedSeq: place(node.changedSeq),
    contentSeq: place(node.contentSeq),
    placedSeq: place(node.placedSeq),
    trashedAt: node.trashedAt !== null,
    trashedBy: hand(node.trashedBy),
  }
}

function describeVersion({ path, hand, place }: Words, { nodeId, ...version }: VersionRow) {
  return {
    ...version,
    versionOf: path(nodeId),
    conflictOf: path(version.conflictOf),
    createdBy: hand(version.createdBy),
    seq: place(version.seq),
  }
}

const describeConflict = ({ path, hand, place }: Words, conflict: ConflictRow) => ({
  ...conflict,
  original: path(conflict.original),
  copy: path(conflict.copy),
  userId: hand(conflict.userId),
  resolvedBy: hand(conflict.resolvedBy),
  seq: place(conflict.seq),
  resolvedSeq: place(conflict.resolvedSeq),
})

function placesOf(seqs: readonly (number | null)[]): (seq: number | null) => number | null {
  const order = [...new Set(seqs.filter((seq) => seq !== null))].toSorted((a, b) => a - b)
  const places = new Map(order.map((seq, index) => [seq, index]))
  return (seq) => (seq === null ? null : places.get(seq)!)
}

/** The name of a conflicted copy says when it was made, and has a number when there were two in one minute. */
const timeless = (name: string): string => name.replace(/, \d{4}-\d\d-\d\d \d\d\.\d\d(, \d+)?\)/, ', then)')

const inOneOrder = (row: Record<string, unknown>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))))
