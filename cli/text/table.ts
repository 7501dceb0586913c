import { displayWidth, padEndTo, padStartTo } from './terminal-text.ts'

export type Align = 'left' | 'right'

/** Rows as aligned lines, two blanks between columns, none at the end of a line. */
export function alignColumns(rows: readonly (readonly string[])[], aligns: readonly Align[]): string[] {
  const widths = aligns.map((_, column) => Math.max(0, ...rows.map((row) => displayWidth(row[column] ?? ''))))
  return rows.map((row) =>
    aligns
      .map((align, column) => {
        const pad = align === 'right' ? padStartTo : padEndTo
        return pad(row[column] ?? '', widths[column] ?? 0)
      })
      .join('  ')
      .trimEnd(),
  )
}

/** As many columns as fit, filled downwards as `ls` does. */
export function flowColumns(cells: readonly string[], columns: number): string[] {
  const widest = Math.max(1, ...cells.map(displayWidth))
  const across = Math.max(1, Math.floor((columns + 2) / (widest + 2)))
  const down = Math.ceil(cells.length / across)
  return Array.from({ length: down }, (_, row) =>
    Array.from({ length: across }, (_unused, column) => cells[column * down + row] ?? '')
      .map((cell) => padEndTo(cell, widest))
      .join('  ')
      .trimEnd(),
  )
}
