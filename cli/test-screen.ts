import type { Output } from './world.ts'

/** As much of a terminal as our lines need, so that a test sees what a person would: text, cursor up, erase, and lines that break. */
export type Screen = {
  output: Output
  /** What stands there, without colours, blanks at the ends and empty lines at the end. */
  rows(): string[]
  isCursorShown(): boolean
  resize(columns: number): void
}

export function screen({ columns = 80, rows = 24 }: { columns?: number; rows?: number } = {}): Screen {
  let width = columns
  let lines: string[] = ['']
  let at = { row: 0, column: 0 }
  let isCursorShown = true

  const put = (point: string): void => {
    if (at.column >= width) at = { row: at.row + 1, column: 0 }
    while (lines.length <= at.row) lines.push('')
    const line = [...(lines[at.row] ?? '').padEnd(at.column)]
    line[at.column] = point
    lines[at.row] = line.join('')
    at.column++
  }
  const obey = (code: string, number: number): void => {
    const line = lines[at.row] ?? ''
    if (code === 'A') at.row = Math.max(0, at.row - number)
    if (code === 'K') lines[at.row] = [...line].slice(0, at.column).join('')
    if (code === 'J') lines = [...lines.slice(0, at.row), [...line].slice(0, at.column).join('')]
  }
  const write = (text: string): void => {
    for (const [part, mode, digits, code] of text.matchAll(/\u001b\[\?(\d+[hl])|\u001b\[(\d*)([A-Za-z])|[\s\S]/gu)) {
      if (mode !== undefined) isCursorShown = mode === '25h'
      else if (code !== undefined) obey(code, Number(digits || '1'))
      else if (part === '\n') at = { row: at.row + 1, column: 0 }
      else if (part === '\r') at.column = 0
      else put(part)
    }
  }
  return {
    output: {
      isTerminal: true,
      get columns() {
        return width
      },
      rows,
      write: async (chunk) => write(String(chunk)),
    },
    rows: () => {
      const shown = lines.map((line) => line.trimEnd())
      while (shown.at(-1) === '') shown.pop()
      return shown
    },
    isCursorShown: () => isCursorShown,
    resize: (next) => {
      const before = lines.slice(0, at.row).flatMap((line) => chop(line, next))
      lines = [...before, ...lines.slice(at.row).flatMap((line) => chop(line, next))]
      at = { row: before.length, column: 0 }
      width = next
    },
  }
}

const chop = (line: string, width: number): string[] =>
  line.length <= width ? [line] : (line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? [''])
