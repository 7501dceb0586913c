import { displayWidth } from '../text/terminal-text.ts'
import type { Output } from '../world.ts'

/** Lines at the bottom of a terminal that are drawn over where they stand, without flicker. Each has to fit into a line. */
export type RedrawnLines = {
  /** @param above a text that stays, above the lines */
  draw(lines: readonly string[], above?: string): Promise<void>
  /** Takes the lines away and gives the cursor back. Must run whatever happens. */
  close(): Promise<void>
}

const HIDE_CURSOR = '\u001b[?25l'
export const SHOW_CURSOR = '\u001b[?25h'
/** What stands behind the cursor in its line; everything below it. */
const CLEAR_REST = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

export function redrawnLines(output: Output): RedrawnLines {
  let shown: readonly string[] | null = null

  const goUp = (): string => {
    const rows = (shown ?? []).reduce((sum, line) => sum + rowsOf(line, output.columns), 0)
    return rows === 0 ? '' : `\r\u001b[${rows}A`
  }
  return {
    draw: (lines, above = '') => {
      const hide = shown === null ? HIDE_CURSOR : ''
      const stays =
        above === ''
          ? ''
          : above
              .split('\n')
              .map((line) => `${line}${CLEAR_REST}\n`)
              .join('')
      const text = lines.map((line) => `${line}${CLEAR_REST}\n`).join('')
      const drawn = `${hide}${goUp()}${stays}${text}${CLEAR_BELOW}`
      shown = lines
      return output.write(drawn)
    },
    close: async () => {
      if (shown !== null) await output.write(`${goUp()}${CLEAR_BELOW}${SHOW_CURSOR}`)
      shown = null
    },
  }
}

/** A terminal that was made narrower since has broken it up. */
const rowsOf = (line: string, columns: number): number => Math.max(1, Math.ceil(displayWidth(line) / columns))
