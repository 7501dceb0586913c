import { relative } from 'node:path'
import type { DownloadProgress } from '../../client/transfer/download.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { toFailure } from '../failure.ts'
import type { ProgressDisplay } from '../progress/display.ts'
import type { Say } from '../say.ts'
import { formatBytes, formatCount, formatRate, formatTook } from '../text/quantity.ts'
import { remarksOn } from './remarks.ts'
import { wrapText } from '../text/wrap.ts'
import type { World } from '../world.ts'

export type GetOutcome =
  | { is: 'fetched' }
  /** The same bytes are there already. */
  | { is: 'unchanged' }
  /** Other bytes are there, and nobody said `--force`. */
  | { is: 'kept' }
  /** A link that leads out of what is fetched. */
  | { is: 'left'; target: string }
  | { is: 'failed'; error: unknown }

export type GetReport = {
  found(node: NodeStateWire): void
  allFound(): void
  progress(node: NodeStateWire, path: string, progress: DownloadProgress): void
  settled(node: NodeStateWire, path: string, outcome: GetOutcome): Promise<void>
  finish(): Promise<ExitCode>
}

type Tally = { fetched: number; unchanged: number; kept: number; left: number; failures: ExitCode[]; bytes: number }

export function createGetReport(world: World, say: Say, display: ProgressDisplay): GetReport {
  const startedMs = world.now()
  const tally: Tally = { fetched: 0, unchanged: 0, kept: 0, left: 0, failures: [], bytes: 0 }
  const totals = {
    bytesTotal: 0,
    filesDone: 0,
    filesTotal: 0,
    isTotalFinal: false,
    bytesSettled: 0,
    bytesSpared: 0,
    bytesMoved: 0,
  }
  const running = new Map<string, DownloadProgress>()
  const remarks = remarksOn(display)
  const shown = (path: string) => say.nameInNote(relative(world.cwd, path) || path)

  const show = (current: string | null) => {
    let [bytesDone, bytesMoved] = [totals.bytesSettled, totals.bytesMoved]
    for (const progress of running.values()) {
      bytesDone += progress.bytesDone
      bytesMoved += progress.bytesReceived
    }
    display.update({
      ...totals,
      bytesDone,
      bytesMoved,
      current: current === null ? null : relative(world.cwd, current),
    })
  }

  return {
    found(node) {
      totals.filesTotal++
      totals.bytesTotal += node.size ?? 0
    },
    allFound() {
      totals.isTotalFinal = true
    },
    progress(node, path, progress) {
      running.set(node.id, { ...progress })
      show(path)
    },
    async settled(node, path, outcome) {
      totals.bytesMoved += running.get(node.id)?.bytesReceived ?? 0
      running.delete(node.id)
      totals.filesDone++
      totals.bytesSettled += node.size ?? 0
      if (outcome.is === 'unchanged') totals.bytesSpared += node.size ?? 0
      count(tally, node, outcome)
      show(path)
      await say.json({ event: 'file', path, node, ...forMachines(outcome) })
      const remark = remarkOn(outcome, say)
      if (remark !== null)
        await remarks.add(remark.kind, `${say.paintNote('red', shown(path))}: ${remark.text} [${remark.kind}]`)
    },
    async finish() {
      const tookMs = world.now() - startedMs
      const exit = exitOf(tally)
      await remarks.finish()
      const { failures, ...counts } = tally
      await say.json({ event: 'summary', exit, tookMs, ...counts, failed: failures.length })
      await say.done(
        wrapText(summaryLine(tally, tookMs), world.stdout.isTerminal ? world.stdout.columns : Infinity).join('\n'),
      )
      return exit
    },
  }
}

function count(tally: Tally, node: NodeStateWire, outcome: GetOutcome): void {
  if (outcome.is === 'failed') tally.failures.push(toFailure(outcome.error).exit)
  else tally[outcome.is]++
  if (outcome.is === 'fetched') tally.bytes += node.size ?? 0
}

/** A file that was kept is one that the person asked for and did not get. */
export function exitOf({ fetched, unchanged, kept, failures }: Omit<Tally, 'bytes' | 'left'>): ExitCode {
  if (failures.length + kept === 0) return EXIT.ok
  return fetched + unchanged > 0 ? EXIT.partly : (failures[0] ?? EXIT.failed)
}

const forMachines = (outcome: GetOutcome): Record<string, unknown> =>
  outcome.is === 'failed' ? { outcome: 'failed', error: toFailure(outcome.error).problem } : { outcome: outcome.is }

function remarkOn(outcome: GetOutcome, say: Say): { kind: string; text: string } | null {
  if (outcome.is === 'kept')
    return { kind: 'local-exists', text: 'another file is there and was left alone; --force replaces it' }
  if (outcome.is === 'left')
    return {
      kind: 'link-outside',
      text: `left out, a link to somewhere outside of what is fetched: ${say.nameInNote(outcome.target)}`,
    }
  if (outcome.is !== 'failed') return null
  const { sentence, code } = toFailure(outcome.error)
  return { kind: code, text: sentence }
}

/** `31 files, 1.05 GiB in 17 s (63.2 MiB/s); 2 unchanged, 1 kept.` */
export function summaryLine({ fetched, unchanged, kept, left, failures, bytes }: Tally, tookMs: number): string {
  const parts: string[] = []
  if (unchanged > 0) parts.push(`${unchanged} unchanged`)
  if (kept > 0) parts.push(`${kept} there already and kept`)
  if (left > 0) parts.push(`${left} left out`)
  if (failures.length > 0) parts.push(`${failures.length} failed`)
  if (fetched === 0) return `Nothing new${parts.length === 0 ? '' : `: ${parts.join(', ')}`}.`
  const rate = tookMs >= 500 && bytes > 0 ? ` (${formatRate((bytes / tookMs) * 1000)})` : ''
  const rest = parts.length === 0 ? '' : `; ${parts.join(', ')}`
  return `${formatCount(fetched, 'file')}, ${formatBytes(bytes)} in ${formatTook(tookMs)}${rate}${rest}.`
}
