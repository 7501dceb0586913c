import { AppError, type ErrorCode, type ErrorFacts } from '../../core/errors.ts'
import type { Mutation, Outcome } from '../../core/namespace/model.ts'
import { REVISION_MAX } from '../../protocol/files.ts'
import { commitChanges, json, type Call } from './call.ts'
import { requireDone, toResult } from './results.ts'

/** How the fields of a mutation are called in a request that names the node, the conflict or the version in its address. */
const FIELD_NAMES: readonly [RegExp, string][] = [
  [/^(node|conflict)$/, 'id'],
  [/^(to|target)\/node$/, 'id'],
  [/^(to|target)\//, ''],
  [/^(linkTarget|content\/inline)$/, 'target'],
]

/** Has one change decided. @throws AppError when it is rejected, with the fields of the request */
export async function changeOne(call: Call, mutation: Mutation, status = 200): Promise<Response> {
  const [outcome] = await commitChanges(call, [mutation])
  return answerOne(mutation, outcome!, status)
}

export const answerOne = (mutation: Mutation, outcome: Outcome, status = 200): Response =>
  json(requireDone(toResult(mutation.id, withFieldName(outcome))), status)

/** What `build` throws, with the fields of the request. @throws AppError */
export function named<T>(build: () => T): T {
  try {
    return build()
  } catch (error) {
    throw error instanceof AppError ? new AppError(error.code, renamed(error.code, error.facts)) : error
  }
}

const withFieldName = (outcome: Outcome): Outcome =>
  outcome.outcome === 'rejected' ? { ...outcome, facts: renamed(outcome.code, outcome.facts) } : outcome

function renamed(code: ErrorCode, facts: ErrorFacts): ErrorFacts {
  if (facts.field === undefined) return facts
  const field = FIELD_NAMES.reduce((name, [pattern, other]) => name.replace(pattern, other), facts.field)
  // One answer for an id that is malformed, unknown or somebody else's (T11).
  return code === 'not-found' && field === 'id' ? { field } : { ...facts, field }
}

/** @throws not-found: what is no revision names no version */
export function revisionParam(call: Call): number {
  const text = call.params.revision ?? ''
  const revision = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  if (revision === 0 || revision > REVISION_MAX) throw new AppError('not-found', { field: 'revision' })
  return revision
}
