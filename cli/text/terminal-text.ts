/**
 * Text that comes from elsewhere, shown on a terminal. A name may hold escape sequences that move the cursor or bidi
 * overrides that make `exe.gpj` read as `jpg.exe`: both are shown as what they are, never obeyed.
 */
// eslint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\p{Cs}]/gu

/** Control, bidi and invisible characters become `\u{…}`; everything else stays. */
export const escapeForTerminal = (text: string): string =>
  text.replace(UNSAFE, (found) => `\\u{${found.codePointAt(0)?.toString(16) ?? ''}}`)

/** East Asian wide and emoji: two columns (UAX 11, the blocks that matter). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u
/** Drawn onto the character before: no column of their own. */
const JOINED = /\p{Mn}|\p{Me}|\u200c|\u200d/u
// eslint-disable-next-line no-control-regex -- our own colour sequences
const COLOUR = /\u001b\[[0-9;]*m/g

/** Columns that `text` takes; our own colour sequences take none. */
export function displayWidth(text: string): number {
  let columns = 0
  for (const point of text.replace(COLOUR, '')) columns += pointWidth(point)
  return columns
}

const pointWidth = (point: string): number => (JOINED.test(point) ? 0 : WIDE.test(point) ? 2 : 1)

export const padEndTo = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
export const padStartTo = (text: string, columns: number): string =>
  ' '.repeat(Math.max(0, columns - displayWidth(text))) + text

/** Cuts out of the middle, since the two ends of a path say most. */
export function shortenMiddle(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  if (columns < 1) return ''
  const points = [...text]
  const rightColumns = Math.ceil((columns - 1) / 2)
  const right = takeWithin(points.toReversed(), rightColumns).toReversed().join('')
  const left = takeWithin(points, columns - 1 - displayWidth(right)).join('')
  return `${left}…${right}`
}

function takeWithin(points: string[], columns: number): string[] {
  let used = 0
  let count = 0
  for (const point of points) {
    used += pointWidth(point)
    if (used > columns) break
    count++
  }
  return points.slice(0, count)
}
