import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { operatorUrl } from '../main-path.ts'

/**
 * The operator's side of the house: logins of the database, keys of the bucket. It is no part of the client, so it is named by its
 * address and loaded only here.
 */
export const loadOperator = async <M>(name: 'admin-audit' | 'admin-new-epoch'): Promise<M> =>
  (await import(operatorUrl(name))) as M

/** What the operator's side cannot do, with what the person can. @throws CliError with the code `code` */
export async function asOperator<T>(code: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const advice = error instanceof Error && 'advice' in error ? String(error.advice) : null
    if (advice === null) throw error
    const message = (error as Error).message
    throw new CliError({ code, exit: EXIT.failed, message, next: advice }, { cause: error })
  }
}
