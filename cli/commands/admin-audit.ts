import type { Call } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { sayTo, type Say } from '../say.ts'
import { formatCount } from '../text/quantity.ts'
import { alignColumns } from '../text/table.ts'
import type { World } from '../world.ts'

/** What the comparison of the database with the bucket found, as db/system/audit.ts answers it. */
export type AuditReport = {
  clean: boolean
  objects: number
  namedObjects: number
  findings: Record<string, { count: number; first: string[] }>
  deadLetters: number
}

/**
 * The operator's side of the house: logins of the database, keys of the bucket. It is no part of the client, so it is named by its
 * address and loaded only here.
 */
const OPERATOR_MODULE = new URL('../../embedded/admin-audit.ts', import.meta.url)

type OperatorModule = { runAudit(env: World['env'], now: number): Promise<AuditReport> }

export async function adminAudit(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const report = await runAudit(world)
  await say.json(report)
  await say.lines(reportLines(report, say))
  return report.clean ? EXIT.ok : EXIT.failed
}

async function runAudit(world: World): Promise<AuditReport> {
  const operator = (await import(OPERATOR_MODULE.href)) as OperatorModule
  try {
    return await operator.runAudit(world.env, world.now())
  } catch (error) {
    const advice = error instanceof Error && 'advice' in error ? String(error.advice) : null
    if (advice === null) throw error
    const message = (error as Error).message
    throw new CliError({ code: 'audit-impossible', exit: EXIT.failed, message, next: advice }, { cause: error })
  }
}

export function reportLines(
  { clean, objects, namedObjects, findings, deadLetters }: AuditReport,
  say: Pick<Say, 'paint'>,
): string[] {
  const counted = alignColumns(
    [
      ['objects in the bucket', objects.toLocaleString('en-US')],
      ['named by the database', namedObjects.toLocaleString('en-US')],
    ],
    ['left', 'right'],
  )
  const wrong = Object.entries(findings).filter(([, { count }]) => count > 0)
  const found = wrong.flatMap(([check, { count, first }]) => [
    say.paint('red', `${check.replaceAll('-', ' ')}: ${count.toLocaleString('en-US')}`),
    ...first.map((id) => `  ${id}`),
  ])
  const verdict = clean ? [say.paint('green', 'The database and the bucket agree.')] : found
  const dead = `${formatCount(deadLetters, 'message')} given up: no fault of the data, but somebody should look.`
  return [...counted, '', ...verdict, ...(deadLetters > 0 ? [say.paint('yellow', dead)] : [])]
}
