import type { MutationId, NodeId, SessionId, TenantId, UploadId, UserId } from '../../core/ids.ts'
import type { Facts, Mutation, Place } from '../../core/namespace/model.ts'
import { SURVIVORS_AT_ONCE, type Needs, type WayStep } from '../../core/namespace/view.ts'
import { nameKey } from '../../core/names.ts'
import type { Tx } from '../connect.ts'
import { gatherQuery } from './facts-query.ts'
import { addFacts, type FactsRow } from './facts-rows.ts'
import type { Head } from './lease.ts'

/** What to look up, as JSON parameters of the one query. */
export type FactsWanted = {
  mutations: MutationId[]
  /** Of `mutations`: writes whose answer is no longer there, but perhaps what they wrote. */
  forgotten: MutationId[]
  sessions: SessionId[]
  /** With every folder above. */
  nodes: NodeId[]
  /** Of folders that are known, or in `nodes`. */
  children: { parent: NodeId; key: string }[]
  /** Below folders of the same kind; each after the step that it goes on from. */
  ways: WayStep[]
  uploads: UploadId[]
  held: { userId: UserId; sha256: string }[]
  damaged: NodeId[]
  /** `revision: null` is the present one. */
  versions: { node: NodeId; revision: number | null }[]
  subtrees: NodeId[]
  survivors: { folder: NodeId; seen: number; session: SessionId }[]
  conflicts: MutationId[]
}

/**
 * Trees that one round looks up. A change ends the batch before the next mutation that wants one, so mostly the first is the
 * only one that is used.
 */
const TREES_MAX = 8

const nothing = (): FactsWanted => ({
  mutations: [],
  forgotten: [],
  sessions: [],
  nodes: [],
  children: [],
  ways: [],
  uploads: [],
  held: [],
  damaged: [],
  versions: [],
  subtrees: [],
  survivors: [],
  conflicts: [],
})

/**
 * The facts that a batch obviously needs; what only the decision finds out comes by `Needs`.
 * @param isRepeated something of the batch was found to be written already, though no answer says so
 */
export function factsOf(mutations: readonly Mutation[], isRepeated = false): FactsWanted {
  const wanted = nothing()
  if (isRepeated) for (const { id, kind } of mutations) if (kind === 'write-file') wanted.forgotten.push(id)
  const ahead = lookedAhead(mutations)
  for (const [index, mutation] of mutations.entries()) {
    wanted.mutations.push(mutation.id)
    wanted.sessions.push(mutation.actor.sessionId)
    wantOf(wanted, mutation)
    if (index < ahead) wantTree(wanted, mutation)
  }
  wanted.ways = waysOf(mutations)
  return wanted
}

function wantOf(wanted: FactsWanted, mutation: Mutation): void {
  switch (mutation.kind) {
    case 'create-folder':
      return wantPlace(wanted, mutation)
    case 'write-file':
      return wantWrite(wanted, mutation)
    case 'move':
      wanted.nodes.push(mutation.node)
      return wantPlace(wanted, mutation.to)
    case 'copy':
      wanted.nodes.push(mutation.node)
      wanted.versions.push({ node: mutation.node, revision: mutation.revision })
      return wantPlace(wanted, mutation.to)
    case 'restore':
      wanted.nodes.push(mutation.node)
      if (mutation.to) wantPlace(wanted, mutation.to)
      return
    case 'restore-version':
    case 'label-version':
      wanted.nodes.push(mutation.node)
      wanted.versions.push({ node: mutation.node, revision: mutation.revision })
      return
    case 'trash':
    case 'purge':
    case 'set-attributes':
      wanted.nodes.push(mutation.node)
      return
    case 'resolve-conflict':
      wanted.conflicts.push(mutation.conflict)
  }
}

/**
 * A folder that the batch makes may be there already; then what is put into it is looked up along with it. So a tree that is pushed
 * once more takes one round, however deep it is. Of two mutations with one id only the first is a step: what a step finds is known by
 * its id, and what one of them finds must never pass for what the other names (T11).
 */
function waysOf(mutations: readonly Mutation[]): WayStep[] {
  const firsts = new Map<MutationId, Place | null>()
  for (const mutation of mutations) if (!firsts.has(mutation.id)) firsts.set(mutation.id, placeOf(mutation))
  const places = [...firsts].map(([id, place]) => ({ id, place }))
  const entered = new Set(places.map(({ place }) => place && typeof place.parent !== 'string' && place.parent.madeBy))
  return places.flatMap(({ id, place }): WayStep[] => {
    if (!place) return []
    const key = nameKey(place.name)
    if (typeof place.parent !== 'string') return [{ id, up: place.parent.madeBy, key }]
    return entered.has(id) ? [{ id, parent: place.parent, key }] : []
  })
}

function placeOf(mutation: Mutation): Place | null {
  switch (mutation.kind) {
    case 'create-folder':
      return mutation
    case 'write-file':
      return 'parent' in mutation.target ? mutation.target : null
    case 'move':
    case 'copy':
    case 'restore':
      return mutation.to
    default:
      return null
  }
}

/** Mutations for which whole trees are looked up ahead: they are true while the batch has changed nothing, or only deleted elsewhere. */
function lookedAhead(mutations: readonly Mutation[]): number {
  const other = mutations.findIndex((mutation) => mutation.kind !== 'trash')
  return Math.max(1, Math.min(other === -1 ? mutations.length : other, SURVIVORS_AT_ONCE))
}

function wantTree(wanted: FactsWanted, mutation: Mutation): void {
  if (mutation.kind === 'copy' && mutation.revision === null) wanted.subtrees.push(mutation.node)
  if (mutation.kind === 'trash' && mutation.seen !== null)
    wanted.survivors.push({ folder: mutation.node, seen: mutation.seen, session: mutation.actor.sessionId })
}

function wantWrite(wanted: FactsWanted, mutation: Mutation & { kind: 'write-file' }): void {
  if (mutation.uploadId !== null) wanted.uploads.push(mutation.uploadId)
  if ('node' in mutation.target) wanted.nodes.push(mutation.target.node)
  else wantPlace(wanted, mutation.target)
  if (mutation.content.held === 'inline') return
  for (const { sha256 } of mutation.content.chunks)
    if (!mutation.staged[sha256]) wanted.held.push({ userId: mutation.actor.userId, sha256 })
}

/** A folder that an earlier mutation made is known by its first answer, when it is not of this batch. */
function wantPlace(wanted: FactsWanted, { parent, name }: Place): void {
  if (typeof parent !== 'string') {
    wanted.mutations.push(parent.madeBy)
    return
  }
  wanted.nodes.push(parent)
  wanted.children.push({ parent, key: nameKey(name) })
}

export const factsNeeded = (needs: Needs): FactsWanted => ({
  ...nothing(),
  nodes: [...needs.nodes],
  children: [...needs.children.values()],
  ways: [...needs.ways.values()],
  held: [...needs.held.values()],
  damaged: [...needs.damaged],
  versions: [...needs.versions.values()],
  subtrees: [...needs.subtrees].slice(0, TREES_MAX),
  survivors: [...needs.survivors.values()].slice(0, TREES_MAX),
  conflicts: [...needs.conflicts],
})

export const noFacts = (): Facts => ({
  seq: 0,
  epoch: '',
  principals: new Map(),
  priors: new Map(),
  nodes: new Map(),
  purged: new Set(),
  children: new Map(),
  uploads: new Map(),
  held: new Map(),
  damaged: new Map(),
  versions: new Map(),
  subtrees: new Map(),
  survivors: new Map(),
  conflicts: new Map(),
})

/**
 * Looks up what is wanted and adds it to `facts`; what is not there is written down as `null`.
 * @returns the head as it is now
 * @throws TooManyFacts
 */
export async function gatherFacts(tx: Tx, tenant: TenantId, wanted: FactsWanted, facts: Facts): Promise<Head> {
  const query = gatherQuery({
    forgotten: wanted.forgotten.length > 0,
    ways: wanted.ways.length > 0,
    versions: wanted.versions.length > 0,
    subtrees: wanted.subtrees.length > 0,
    survivors: wanted.survivors.length > 0,
    conflicts: wanted.conflicts.length > 0,
  })
  const [row] = await tx.unsafe<FactsRow[]>(query, [tenant, JSON.stringify(wanted)], { prepare: true })
  if (!row) throw new Error('the facts query answers one row')
  addFacts(facts, wanted, row)
  return row.head
}
