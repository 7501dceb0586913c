import { formatBytes, formatRate, formatSeconds } from '../text/quantity.ts'
import type { Paint } from '../text/paint.ts'
import { displayWidth, shortenMiddle } from '../text/terminal-text.ts'

/**
 * How far a transfer has come, as a value: `advanceProgress` takes what the engine says and when, `renderProgress` makes
 * lines of it. Neither knows a terminal or a clock.
 */
export type ProgressSample = {
  bytesDone: number
  bytesTotal: number
  filesDone: number
  filesTotal: number
  /** The totals still grow while files are being looked for. */
  isTotalFinal: boolean
  /** What went over the wire. */
  bytesMoved: number
  /** What needed no transfer, since it was there already. */
  bytesSpared: number
  /** The file in work, for a person; `null` = none. */
  current: string | null
}

export type Progress = ProgressSample & {
  atMs: number
  /** Exponentially weighted sums: their quotient is the rate, and right from the first sample on. */
  weightedBytes: number
  weightedMs: number
}

/** A change of speed shows within about this time. */
const SMOOTHING_MS = 3_000

/** @param atMs Unix milliseconds; a clock that was set back counts as standing still */
export function advanceProgress(before: Progress | null, sample: ProgressSample, atMs: number): Progress {
  if (before === null) return { ...sample, atMs, weightedBytes: 0, weightedMs: 0 }
  const passedMs = Math.max(0, atMs - before.atMs)
  const keep = Math.exp(-passedMs / SMOOTHING_MS)
  return {
    ...sample,
    atMs,
    weightedBytes: before.weightedBytes * keep + Math.max(0, sample.bytesDone - before.bytesDone),
    weightedMs: before.weightedMs * keep + passedMs,
  }
}

/** Bytes a second, or `null` while it cannot be told. */
export const progressRate = ({ weightedBytes, weightedMs }: Progress): number | null =>
  weightedMs < 200 ? null : (weightedBytes / weightedMs) * 1000

/** Seconds to go, or `null` while it cannot be told. */
export function secondsLeft(progress: Progress): number | null {
  const rate = progressRate(progress)
  if (rate === null || rate < 1 || !progress.isTotalFinal) return null
  return Math.max(0, progress.bytesTotal - progress.bytesDone) / rate
}

export type RenderOptions = { columns: number; paint: Paint; verb: 'sent' | 'received' }

/** Two lines that fit into `columns`. */
export function renderProgress(progress: Progress, { columns, paint, verb }: RenderOptions): string[] {
  const width = Math.max(1, columns - 1)
  const numbers = describeNumbers(progress)
  const barWidth = Math.min(30, width - numbers.length - 2)
  const head =
    barWidth < 5 ? shortenMiddle(numbers, width) : `${bar(fractionDone(progress), barWidth, paint)}  ${numbers}`
  return [head, describeFiles(progress, width, verb, paint)]
}

function fractionDone({ bytesDone, bytesTotal, filesDone, filesTotal }: Progress): number {
  const fraction = bytesTotal > 0 ? bytesDone / bytesTotal : filesTotal > 0 ? filesDone / filesTotal : 0
  return Math.min(1, Math.max(0, fraction))
}

function bar(fraction: number, width: number, paint: Paint): string {
  const filled = Math.floor(fraction * width)
  return paint('cyan', '█'.repeat(filled)) + paint('dim', '░'.repeat(width - filled))
}

/** Padded to fixed widths, so that nothing jumps. */
function describeNumbers(progress: Progress): string {
  const rate = progressRate(progress)
  const left = secondsLeft(progress)
  const percent = progress.isTotalFinal ? `${Math.floor(fractionDone(progress) * 100)}%` : '…'
  const total = formatBytes(progress.bytesTotal) + (progress.isTotalFinal ? '' : '+')
  return [
    percent.padStart(4),
    `${formatBytes(progress.bytesDone)} of ${total}`.padStart(20),
    (rate === null ? '' : formatRate(rate)).padStart(10),
    `ETA ${left === null ? '–:––' : formatSeconds(left)}`,
  ].join('  ')
}

function describeFiles(progress: Progress, width: number, verb: RenderOptions['verb'], paint: Paint): string {
  const { filesDone, filesTotal, isTotalFinal, bytesMoved, bytesSpared, current } = progress
  const parts = [`${filesDone} of ${filesTotal}${isTotalFinal ? '' : '+'} files`, `${verb} ${formatBytes(bytesMoved)}`]
  if (bytesSpared > 0) parts.push(`already there ${formatBytes(bytesSpared)}`)
  const facts = parts.join(' · ')
  const room = width - displayWidth(facts) - 3
  if (current === null || room < 8) return paint('dim', shortenMiddle(facts, width))
  return paint('dim', `${facts} · ${shortenMiddle(current, room)}`)
}
