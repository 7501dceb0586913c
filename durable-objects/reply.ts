import { AppError, type ErrorCode, type ErrorFacts } from '../core/errors.ts'
import { toAppError } from './database-failure.ts'

/**
 * What crosses a call between isolates: an error thrown there would arrive without its class and its facts, so it travels as a
 * value. The cause stays behind, in the log of the side where it happened.
 */
export type Reply<T> = { ok: true; value: T } | { ok: false; code: ErrorCode; facts: ErrorFacts }

/** Runs `work`; an unexpected error is logged by `onInternal` and travels as `internal`. */
export async function reply<T>(work: () => Promise<T>, onInternal: (error: AppError) => void): Promise<Reply<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (thrown) {
    const error = toAppError(thrown)
    if (error.code === 'internal' || error.cause !== undefined) onInternal(error)
    return { ok: false, code: error.code, facts: error.facts }
  }
}

/** @throws AppError as it was thrown on the other side */
export function unwrap<T>(answer: Reply<T>): T {
  if (answer.ok) return answer.value
  throw new AppError(answer.code, answer.facts)
}
