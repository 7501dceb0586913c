import { AppError } from '../../core/errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError, toFailure } from '../failure.ts'
import type { Say } from '../say.ts'

/** What was named on the command line, one after the other. */
export type Item = { shown: string }

/**
 * Does `work` for each. One of them that fails does not stop the others, unless it is alone: then its error is the command's.
 * @param work what it answers decides the exit code together with the others'
 * @throws what `work` throws for a single item, and whatever would stop the others as well
 */
export async function eachItem<T extends Item>(
  say: Say,
  items: readonly T[],
  work: (item: T) => Promise<ExitCode | void>,
): Promise<ExitCode> {
  const codes: ExitCode[] = []
  for (const item of items) {
    try {
      codes.push((await work(item)) ?? EXIT.ok)
    } catch (error) {
      if (items.length === 1 || !isItsOwn(error)) throw error
      const { code, exit, sentence, problem } = toFailure(error)
      codes.push(exit)
      await say.json({ path: item.shown, error: problem })
      await say.trouble(`${say.paintNote('red', say.nameInNote(item.shown))}: ${say.nameInNote(sentence)} [${code}]`)
    }
  }
  return worst(codes)
}

/** The next item may fare better. */
const isItsOwn = (error: unknown): boolean => {
  if (!(error instanceof AppError || error instanceof CliError)) return false
  const { exit } = toFailure(error)
  return exit !== EXIT.notSignedIn && exit !== EXIT.unreachable && exit !== EXIT.interrupted
}

/** Some done and some not: 6. All failed: the code of the first. */
function worst(codes: readonly ExitCode[]): ExitCode {
  const wasDone = (code: ExitCode) => code === EXIT.ok || code === EXIT.conflict
  const failed = codes.filter((code) => !wasDone(code))
  if (failed.length > 0) return failed.length < codes.length ? EXIT.partly : (failed[0] ?? EXIT.failed)
  return codes.includes(EXIT.conflict) ? EXIT.conflict : EXIT.ok
}
