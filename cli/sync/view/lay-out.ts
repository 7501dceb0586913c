import type { Colour, Paint } from '../../text/paint.ts'
import { displayWidth, shortenMiddle } from '../../text/terminal-text.ts'

export type Fact = { text: string; colour?: Colour | undefined }

/** Facts with dots between them, in as many lines as it takes; one that is longer than a line is cut. */
export function layOut(
  facts: readonly Fact[],
  { columns, indent, paint }: { columns: number; indent: string; paint: Paint },
): string[] {
  const room = Math.max(1, columns - indent.length)
  const lines: { width: number; parts: string[] }[] = []
  for (const { text, colour } of facts) {
    const fitting = shortenMiddle(text, room)
    const shown = colour === undefined ? fitting : paint(colour, fitting)
    const width = displayWidth(fitting)
    const last = lines.at(-1)
    if (last && last.width + SEPARATOR.length + width <= room) {
      last.parts.push(shown)
      last.width += SEPARATOR.length + width
    } else lines.push({ width, parts: [shown] })
  }
  return lines.map(({ parts }) => indent + parts.join(paint('dim', SEPARATOR)))
}

const SEPARATOR = ' · '
