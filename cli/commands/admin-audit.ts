import type { Call } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { sayTo, type Say } from '../say.ts'
import { formatCount } from '../text/quantity.ts'
import { alignColumns } from '../text/table.ts'
import type { World } from '../world.ts'
import { asOperator, loadOperator } from './operator.ts'

/** What the comparison of the database with the bucket found, as db/system/audit.ts answers it. */
export type AuditReport = {
  clean: boolean
  objects: number
  namedObjects: number
  findings: Record<string, { count: number; first: string[] }>
  deadLetters: number
}

export async function adminAudit(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const { runAudit } = await loadOperator<AuditModule>('admin-audit')
  const report = await asOperator('audit-impossible', () => runAudit(world.env, world.now()))
  await say.json(report)
  await say.lines(reportLines(report, say))
  return report.clean ? EXIT.ok : EXIT.failed
}

type AuditModule = { runAudit(env: World['env'], now: number): Promise<AuditReport> }

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
