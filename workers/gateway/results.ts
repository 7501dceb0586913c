import { AppError } from '../../core/errors.ts'
import type { Outcome } from '../../core/namespace/model.ts'
import type { MutationResult } from '../../protocol/files.ts'
import { toProblem } from '../../protocol/problem.ts'

/** Stands for the id of a mutation that has none. */
export const NO_MUTATION = '00000000-0000-8000-8000-000000000000'

/** How an outcome looks on the wire. `prefix` says which entry of the request a field belongs to. */
export function toResult(mutationId: string, outcome: Outcome, prefix = ''): MutationResult {
  switch (outcome.outcome) {
    case 'applied':
      return { mutationId, ...outcome }
    case 'conflict':
      return { mutationId, outcome: 'conflict', seq: outcome.seq, node: outcome.node, original: outcome.original }
    case 'rejected':
      return rejected(mutationId, new AppError(outcome.code, outcome.facts), prefix)
  }
}

export function rejected(mutationId: string, error: AppError, prefix = ''): MutationResult {
  const { field } = error.facts
  const facts = field === undefined ? error.facts : { ...error.facts, field: prefix + field }
  return { mutationId, outcome: 'rejected', problem: toProblem(new AppError(error.code, facts)) }
}

/** For a request with a single change: a rejection is the request's own problem. */
export function requireDone(result: MutationResult): MutationResult {
  if (result.outcome !== 'rejected') return result
  const { code, detail, field, ...rest } = result.problem as { code: AppError['code']; detail?: string; field?: string }
  const {
    type: _type,
    title: _title,
    status: _status,
    retryable: _retryable,
    ...extra
  } = rest as Record<string, unknown>
  throw new AppError(code, {
    ...extra,
    ...(detail === undefined ? {} : { detail }),
    ...(field === undefined ? {} : { field }),
  })
}
