import type { Row } from './bench.ts'

/** Rows as aligned columns, numbers to the right; the first row's keys are the head. */
export function formatTable(rows: Row[]): string {
  const head = Object.keys(rows[0] ?? {})
  const lines = [head, ...rows.map((row) => head.map((key) => formatValue(row[key])))]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const isNumber = head.map((key) => rows.every((row) => typeof row[key] === 'number'))
  return lines
    .map((line) => line.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))))
    .map((line) => `  ${line.join('  ')}`.trimEnd())
    .join('\n')
}

export function formatValue(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? ''
  if (Number.isInteger(value)) return value.toLocaleString('en')
  return value.toFixed(Math.abs(value) < 100 ? 2 : 0)
}
