import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import type { Paint } from '../../text/paint.ts'
import { formatAgo, formatBytes, formatCount, formatRate, formatSeconds } from '../../text/quantity.ts'
import { displayWidth, shortenMiddle } from '../../text/terminal-text.ts'
import { wrapText } from '../../text/wrap.ts'
import { blockedLines } from './blocked-lines.ts'
import { layOut, type Fact } from './lay-out.ts'
import { folderForShell, shownFolder } from './shown-folder.ts'
import { describeState, stepWords } from './words.ts'

export type ViewOptions = {
  columns: number
  /** Lines at most; what is told last goes first. */
  rows: number
  nowMs: number
  paint: Paint
  /** Makes a name harmless on a terminal. */
  name: (text: string) => string
  home: string
}

const INDENT = '  '

/**
 * How a link fares, for a person; each line fits.
 *
 *     ~/Photos ⇄ home/photos
 *       syncing · 1,204 files left · 3.20 GiB · 12.3 MiB/s · ETA 4:12
 *       ↑ 2026/img_0001.jpg
 *       3 items are blocked
 *         this computer does not let us read or write it
 *           secret/key.pem
 */
export function linkLines(status: LinkStatus, options: ViewOptions): string[] {
  const { columns, rows, paint } = options
  const lines = [
    headOf(status, options),
    ...layOut(factsOf(status, options), { columns, indent: INDENT, paint }),
    ...hintsOf(status, options).flatMap((hint) => hintLines(hint, options)),
    ...movingLines(status, options),
  ]
  const room = Math.max(0, rows - lines.length)
  return [...lines, ...blockedLines(status, { ...options, rows: room, indent: INDENT })].slice(0, Math.max(1, rows))
}

function headOf({ link }: LinkStatus, { columns, paint, name, home }: ViewOptions): string {
  const arrow = ' ⇄ '
  const room = Math.max(2, columns - arrow.length)
  const place = shortenMiddle(name(link.place), Math.max(8, Math.floor(room / 2)))
  const folder = shortenMiddle(name(shownFolder(link.root, home)), Math.max(1, room - displayWidth(place)))
  return `${paint('bold', folder)}${paint('dim', arrow)}${place}`
}

function factsOf(status: LinkStatus, { nowMs }: ViewOptions): Fact[] {
  const { state, reason, progress, items, canWrite, link } = status
  const { text, colour } = describeState(state, reason)
  const facts: Fact[] = [{ text, colour }]
  if (progress !== null) facts.push(...progressFacts(progress))
  else facts.push({ text: formatCount(items, 'item') })
  if (state !== 'syncing' && state !== 'scanning') facts.push(...timeFacts(status, nowMs))
  if (!canWrite) facts.push({ text: 'read only', colour: 'yellow' })
  if (link.paused && state !== 'paused' && state !== 'not-running') facts.push({ text: 'paused', colour: 'yellow' })
  if (link.up !== null) facts.push({ text: `up at most ${formatRate(link.up)}` })
  if (link.down !== null) facts.push({ text: `down at most ${formatRate(link.down)}` })
  if (link.unselected.length > 0) facts.push({ text: `${formatCount(link.unselected.length, 'folder')} not selected` })
  return facts
}

function progressFacts({ filesLeft, bytesLeft, bytesPerSecond, more }: NonNullable<LinkStatus['progress']>): Fact[] {
  const and = more ? '+' : ''
  const seconds = bytesPerSecond < 1 || more ? null : bytesLeft / bytesPerSecond
  return [
    { text: `${filesLeft.toLocaleString('en-US')}${and} ${filesLeft === 1 && !more ? 'file' : 'files'} left` },
    { text: `${formatBytes(bytesLeft)}${and}` },
    { text: formatRate(bytesPerSecond) },
    ...(seconds === null ? [] : [{ text: `ETA ${formatSeconds(seconds)}` }]),
  ]
}

function timeFacts({ state, lastChangeAt, lastUpToDateAt }: LinkStatus, nowMs: number): Fact[] {
  if (state === 'up-to-date')
    return lastChangeAt === null ? [] : [{ text: `last change ${formatAgo(lastChangeAt, nowMs)}` }]
  return [
    { text: lastUpToDateAt === null ? 'not up to date so far' : `last up to date ${formatAgo(lastUpToDateAt, nowMs)}` },
  ]
}

/** What a person should know or do, beside what moves. */
function hintsOf(status: LinkStatus, { home, name }: ViewOptions): string[] {
  const { state, reason, link, brake, watcherTrouble, refusals } = status
  const folder = name(folderForShell(link.root, home))
  const hints: string[] = []
  if (state === 'stopped') hints.push(...(stoppedHint(reason, folder, link.server) ?? []))
  if (state === 'paused' && reason === null) hints.push(`Go on: bitvault sync resume ${folder}`)
  if (state === 'not-running' && reason === null) hints.push(`Keep it in step: bitvault sync --background ${folder}`)
  if (brake !== null) hints.push(...brakeHint(brake, folder))
  if (status.blockedItems.some(({ reason }) => reason === 'damaged-here'))
    hints.push(`What is damaged can be fetched again: bitvault sync repair ${folder}`)
  if (watcherTrouble !== null) hints.push(`${watcherTrouble[0]?.toUpperCase()}${watcherTrouble.slice(1)}.`)
  if (refusals > 0)
    hints.push(`${formatCount(refusals, 'step was', 'steps were')} refused, to be safe: bitvault sync doctor ${folder}`)
  return hints
}

function stoppedHint(reason: string | null, folder: string, server: string): string[] | null {
  switch (reason) {
    case 'signed-out':
      return [`Nothing is lost. Sign in again, and it goes on: bitvault login --server ${server}`]
    case 'root-missing':
      return ['Is its drive connected? Nothing is done until the folder is there again; then it goes on by itself.']
    case 'root-other':
      return [
        `The folder does not carry the mark of this link, so nothing is done. See: bitvault sync doctor ${folder}`,
      ]
    case 'root-gone':
      return [`What is here stays. If it will not come back: bitvault sync unlink ${folder}`]
    case 'root-busy':
    case 'root-unreadable':
    case 'internal':
      return [`It is tried again. See: bitvault sync doctor ${folder}`]
    default:
      return null
  }
}

function brakeHint({ mass, items, of }: NonNullable<LinkStatus['brake']>, folder: string): string[] {
  const count = `${items.toLocaleString('en-US')} of ${formatCount(of, 'item')}`
  if (mass === 'older')
    return [
      `${count} are older here than they were, as when a backup is put back. None is sent until you say so.`,
      `If they are to be the newest versions: bitvault sync answer send ${folder}`,
      `If not, they are kept beside what the server has: bitvault sync answer keep ${folder}`,
    ]
  const [gone, then] = mass === 'remote' ? ['gone here', 'on the server'] : ['gone on the server', 'here']
  return [
    `${count} are ${gone}, and would be deleted ${then}. None is until you say so.`,
    `If that was meant: bitvault sync answer delete ${folder}`,
    `If not, they come back: bitvault sync answer keep ${folder}`,
  ]
}

const hintLines = (hint: string, { columns, paint }: ViewOptions): string[] =>
  wrapText(hint, Math.max(20, columns - INDENT.length)).map(
    (line) => INDENT + paint('yellow', shortenMiddle(line, Math.max(1, columns - INDENT.length))),
  )

const ARROWS = { up: '↑', down: '↓', none: '·' } as const
const MOVING_SHOWN = 5

function movingLines({ moving }: LinkStatus, { columns, paint, name }: ViewOptions): string[] {
  return moving.slice(0, MOVING_SHOWN).map(({ step, path }) => {
    const arrow = ARROWS[stepWords(step).way]
    return `${INDENT}${paint('cyan', arrow)} ${shortenMiddle(name(path), Math.max(1, columns - INDENT.length - 2))}`
  })
}
