import type { Say } from '../say.ts'
import type { World } from '../world.ts'
import { alignColumns, type Align } from './table.ts'

/** A table; its heading is for people: into a pipe go the rows alone. */
export function headedTable(
  world: World,
  say: Say,
  columns: readonly (readonly [heading: string, align: Align])[],
  rows: readonly (readonly string[])[],
): string[] {
  const aligns = columns.map(([, align]) => align)
  if (!world.stdout.isTerminal || rows.length === 0) return alignColumns(rows, aligns)
  const [head = '', ...lines] = alignColumns([columns.map(([heading]) => heading), ...rows], aligns)
  return [say.paint('dim', head), ...lines]
}
