import type { Call } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { sayTo, type Say } from '../say.ts'
import { formatCount } from '../text/quantity.ts'
import { alignColumns } from '../text/table.ts'
import type { World } from '../world.ts'

/** What the comparison of the database with the bucket found. `findings` is empty when all is well. */
export type AuditReport = {
  checkedAt: number
  /** What was looked at: objects, chunks, versions, bytes. */
  counted: Record<string, number>
  findings: { kind: string; count: number; examples: string[] }[]
}

/**
 * The operator's side of the house (owner of the database, keys of the bucket). It is no part of the client, so it is named by its
 * address and loaded only here: `runAudit(env) => Promise<AuditReport>`.
 */
const OPERATOR_MODULE = new URL('../../embedded/admin-audit.ts', import.meta.url)

type OperatorModule = { runAudit(env: World['env'], signal: AbortSignal): Promise<AuditReport> }

export async function adminAudit(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const { runAudit } = await loadOperatorModule()
  const report = await runAudit(world.env, world.signal)
  await say.json(report)
  await say.lines(reportLines(report, say))
  return report.findings.length === 0 ? EXIT.ok : EXIT.failed
}

async function loadOperatorModule(): Promise<OperatorModule> {
  try {
    return (await import(OPERATOR_MODULE.href)) as OperatorModule
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const message = 'the audit runs only where the server is installed'
    throw new CliError({ code: 'not-an-operator', exit: EXIT.failed, message }, { cause: error })
  }
}

export function reportLines(report: AuditReport, say: Pick<Say, 'paint'>): string[] {
  const counted = alignColumns(
    Object.entries(report.counted).map(([what, count]) => [what, count.toLocaleString('en-US')]),
    ['left', 'right'],
  )
  if (report.findings.length === 0) return [...counted, '', say.paint('green', 'The database and the bucket agree.')]
  const findings = report.findings.flatMap(({ kind, count, examples }) => [
    say.paint('red', `${kind}: ${formatCount(count, 'case')}`),
    ...examples.map((example) => `  ${example}`),
  ])
  return [...counted, '', ...findings]
}
