import { MATRIX, POLICY_TABLE, type Relation } from '../../core/namespace/conflict-matrix.ts'
import { VERDICTS, type Verdict, type VerdictName } from '../../core/namespace/conflict-verdicts.ts'

/** A relation without a heading does not compile. */
const HEADINGS = {
  'same-file': 'Both change one file',
  'same-folder': 'Both change one folder',
  'second-inside': 'The first changes a folder, the second something inside it',
  'first-inside': 'The first changes something inside a folder, the second the folder',
  'same-name': 'Both want one name that was free',
  'into-each-other': 'Each puts one of two folders into the other',
} as const satisfies Record<Relation, string>

/** The tables of docs/spec/conflicts.md. */
export function conflictTables(): string {
  const matrices = Object.entries(HEADINGS).map(
    ([relation, heading]) => `### ${heading}\n\n${grid('first ↓ second →', MATRIX[relation as Relation])}`,
  )
  return [
    verdicts(),
    ...matrices,
    `### Two contents for one place, by policy of the folder\n\n${grid('policy ↓ met →', POLICY_TABLE)}`,
  ].join('\n\n')
}

function verdicts(): string {
  const rows = Object.entries(VERDICTS).map(
    ([name, verdict]) => `| ${words(name)} | ${answer(verdict)} | ${verdict.people} |`,
  )
  return ['### What can happen', '', '| | answer to the second | what people see |', '|---|---|---|', ...rows].join(
    '\n',
  )
}

function answer({ answer: told }: Verdict): string {
  if (told.outcome === 'rejected') return `\`rejected\` \`${told.code}\``
  const notice = told.outcome === 'applied' && told.notice ? `, notice \`${told.notice}\`` : ''
  return `\`${told.outcome}\`${notice}`
}

function grid(corner: string, table: Record<string, Record<string, VerdictName>>): string {
  const columns = Object.keys(Object.values(table)[0] ?? {})
  const rows = Object.entries(table).map(([first, row]) =>
    line([words(first), ...columns.map((column) => words(row[column]!))]),
  )
  return [line([corner, ...columns.map(words)]), line(['---', ...columns.map(() => '---')]), ...rows].join('\n')
}

const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
const words = (name: string): string => name.replaceAll('-', ' ')
