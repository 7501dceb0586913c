import { AppError, type ErrorCode, type ErrorFacts } from '../errors.ts'
import type { NodeId } from '../ids.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { setAttributes } from './attributes.ts'
import { copy } from './copy.ts'
import { createFolder } from './create-folder.ts'
import { SNAPSHOT_PATH } from './cursor.ts'
import type { Effects } from './effects.ts'
import type { Facts, Mutation, Outcome, Prior } from './model.ts'
import { move } from './move.ts'
import { requirePrecondition } from './precondition.ts'
import { purge } from './purge.ts'
import { resolveConflict } from './resolve-conflict.ts'
import { restore } from './restore.ts'
import { requireActive, requireMine, roleIn, type Active } from './rules.ts'
import { trash } from './trash.ts'
import { labelVersion, restoreVersion } from './versions.ts'
import { Barrier, FactMissing, openView, principalOf, type Needs, type View } from './view.ts'
import { writeFile } from './write-file.ts'

/**
 * Decides a batch of mutations in their order, as if each were alone. Pure: the same facts give the same answer, so
 * the server, the simulator and a retry after a lost connection agree.
 *
 *     facts ──► decideBatch ──► effects + outcomes      everything was known
 *                    └────────► needs                   gather these too, then decide the whole batch anew
 *
 * Invariants: I7 (well-formed trees), I10 (seq rises by one for each entry), I11 (one id, one effect, one answer).
 *
 * @param facts changed by the call (the overlay of the batch): give each call facts of its own
 * @param now Unix milliseconds, for what is shown to people; no decision depends on it but an upload's expiry
 * @param freshId the id of the `index`th node that the batch makes; the same in every round
 */
export function decideBatch(
  facts: Facts,
  mutations: readonly Mutation[],
  now: number,
  freshId: (index: number) => NodeId,
): Decision {
  const view = openView(facts, now, freshId)
  const outcomes: Outcome[] = []
  let known: number | null = null
  for (const [index, mutation] of mutations.entries()) {
    const decided = decideKnown(view, mutation)
    if (decided === 'barrier') break
    if (decided !== 'fact-missing') outcomes.push(decided)
    else known ??= index
  }
  if (known !== null) return { at: 'needs', needs: view.needs, known }
  return { at: 'decided', outcomes, effects: view.effects }
}

/**
 * needs: `known` mutations, from the first on, could be decided alone with the facts that there are.
 * decided: `outcomes` may be fewer than the mutations: the rest wants facts that hold after what these did, so it is a batch of its
 * own. Never none.
 */
export type Decision =
  | { at: 'needs'; needs: Needs; known: number }
  | { at: 'decided'; outcomes: Outcome[]; effects: Effects }

function decideKnown(view: View, mutation: Mutation): Outcome | 'fact-missing' | 'barrier' {
  try {
    return decideOnce(view, mutation)
  } catch (error) {
    if (error instanceof FactMissing) return 'fact-missing'
    if (error instanceof Barrier) return 'barrier'
    throw error
  }
}

function decideOnce(view: View, mutation: Mutation): Outcome {
  const prior = view.decided.get(mutation.id) ?? view.facts.priors.get(mutation.id)
  if (prior) return replay(view, mutation, prior)
  const outcome = decideNew(view, mutation)
  // A rejection changes nothing and is not remembered: the client may mend what was wrong and send the same id again.
  if (outcome.outcome === 'rejected') return outcome
  view.decided.set(mutation.id, { fingerprint: mutation.fingerprint, outcome })
  view.effects.answers.push({ mutationId: mutation.id, fingerprint: mutation.fingerprint, seq: outcome.seq, outcome })
  return outcome
}

/** The first answer, for whoever may still ask for it. */
function replay(view: View, mutation: Mutation, prior: Prior): Outcome {
  const principal = principalOf(view, mutation)
  if (principal.standing === 'revoked') return reject('session-revoked', {})
  const isTheirs = prior.fingerprint === null ? isOwn(principal, prior) : prior.fingerprint === mutation.fingerprint
  if (isTheirs) return prior.outcome
  return reject('mutation-reused', {
    field: 'mutationId',
    detail: 'this mutation id already stands for another change',
  })
}

/** Its present state is told to who wrote it, and may read it still. */
const isOwn = (principal: Active, { by, outcome }: Prior & { fingerprint: null }): boolean =>
  by === principal.userId && outcome.outcome !== 'rejected' && roleIn(principal, outcome.node.spaceId) !== undefined

function decideNew(view: View, mutation: Mutation): Outcome {
  try {
    return allOrNothing(view, mutation, () => {
      requireEpoch(view, mutation)
      requireAsSeen(view, mutation)
      return decideKind(view, mutation)
    })
  } catch (error) {
    if (error instanceof AppError && error.code !== 'internal') return reject(error.code, error.facts)
    throw error
  }
}

function decideKind(view: View, mutation: Mutation): Outcome {
  switch (mutation.kind) {
    case 'create-folder':
      return createFolder(view, mutation)
    case 'write-file':
      return writeFile(view, mutation)
    case 'move':
      return move(view, mutation)
    case 'copy':
      return copy(view, mutation)
    case 'trash':
      return trash(view, mutation)
    case 'restore':
      return restore(view, mutation)
    case 'purge':
      return purge(view, mutation)
    case 'set-attributes':
      return setAttributes(view, mutation)
    case 'restore-version':
      return restoreVersion(view, mutation)
    case 'label-version':
      return labelVersion(view, mutation)
    case 'resolve-conflict':
      return resolveConflict(view, mutation)
  }
}

/**
 * After a restore from a backup, the revisions that a client has seen may be those of other contents: nothing that relies on them is done (SV-05).
 * @throws resync-required
 */
function requireEpoch(view: View, { epoch }: Mutation): void {
  if (epoch === undefined || epoch === view.facts.epoch) return
  throw new AppError('resync-required', {
    field: 'cursor',
    detail: 'the server was restored from a backup since you read it',
    reason: 'epoch',
    snapshot: SNAPSHOT_PATH,
  })
}

/** Of a write it is asked where the write's place is known. @throws session-revoked, not-found, forbidden, precondition-failed */
function requireAsSeen(view: View, mutation: Mutation): void {
  const { precondition } = mutation
  if (!precondition || !('node' in mutation)) return
  requirePrecondition(precondition, requireMine(view, requireActive(view, mutation), mutation.node, 'node'))
}

const reject = (code: ErrorCode, facts: ErrorFacts): Outcome => ({ outcome: 'rejected', code, facts })
