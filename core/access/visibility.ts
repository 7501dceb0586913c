import type { NodeId, SpaceId } from '../ids.ts'
import type { PrincipalFacts } from '../namespace/model.ts'

/**
 * What a principal may read, at one moment. The one filter of the feed, of the snapshot and of the live sockets: what it hides is not
 * there, in none of them (I15).
 *
 * Today rights are given by space, and nothing ever changes its space, so an entry is either `shown` or `hidden`. A right on a subtree will be
 * one more member here, and one more answer: a node that a change brings into the subtree `appears`, one that it takes out
 * `disappears`. Every caller switches on the answer, so it will not compile before it knows them.
 */
export type Readable = { spaces: ReadonlySet<SpaceId> | 'every-space' }

/** What the filter looks at; rights on subtrees will need to know where it lies. */
export type Subject = { id: NodeId; spaceId: SpaceId; parentId: NodeId | null }

export type Sight = 'shown' | 'hidden'

export const NOTHING: Readable = { spaces: new Set() }

/** Any role reads. Whose session was revoked reads nothing. */
export function readableBy(principal: PrincipalFacts): Readable {
  if (principal.standing === 'revoked') return NOTHING
  const { roles } = principal
  return { spaces: roles === 'every-space' ? roles : new Set(Object.keys(roles) as SpaceId[]) }
}

export const sightOf = ({ spaces }: Readable, { spaceId }: Subject): Sight =>
  spaces === 'every-space' || spaces.has(spaceId) ? 'shown' : 'hidden'

/** Those of `nodes` that are shown, in their order. */
export const shownNodes = <N extends Subject>(readable: Readable, nodes: readonly N[]): N[] =>
  nodes.filter((node) => sightOf(readable, node) === 'shown')

/** The same of whatever is about a node: journal entries, versions, conflicts. */
export const shownEntries = <E extends { node: Subject }>(readable: Readable, entries: readonly E[]): E[] =>
  entries.filter(({ node }) => sightOf(readable, node) === 'shown')

/** Whether two principals' rights are the same: what is told to many sockets is filtered once for all that see the same. */
export function isSameReadable(a: Readable, b: Readable): boolean {
  if (a.spaces === 'every-space' || b.spaces === 'every-space') return a.spaces === b.spaces
  const other = b.spaces
  return a.spaces.size === other.size && [...a.spaces].every((space) => other.has(space))
}
