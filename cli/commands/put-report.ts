import type {
  FileOutcome,
  Skipped,
  SkipReason,
  UploadEvent,
  UploadItem,
  UploadTotals,
} from '../../client/transfer/events.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { toFailure, type Failure } from '../failure.ts'
import type { ProgressDisplay } from '../progress/display.ts'
import type { Say } from '../say.ts'
import { formatBytes, formatCount, formatRate, formatTook } from '../text/quantity.ts'
import { wrapText } from '../text/wrap.ts'
import type { World } from '../world.ts'
import { rejectionFailure } from './put-rejection.ts'
import { remarksOn } from './remarks.ts'
import { relative } from 'node:path'

/** Takes the events of an upload, says what a person or a program wants to know, and decides the exit code. */
export type PutReport = {
  skipped(skipped: Skipped): void
  folder(node: NodeStateWire, created: boolean): void
  /** `--no-clobber` left a file or link of the server alone. */
  kept(item: Pick<UploadItem, 'path'>): void
  /** A symbolic link was stored as one, or is there already. */
  link(path: string, outcome: FileOutcome): Promise<void>
  event(event: UploadEvent): Promise<void>
  finish(): Promise<ExitCode>
}

/** Devices, and links that cannot be kept, are not ours to send; everything else that was left out is a file that somebody may miss. */
const HARMLESS: ReadonlySet<SkipReason> = new Set(['symlink', 'special-file'])
const WHY: Record<SkipReason, string> = {
  symlink: 'a symbolic link that cannot be kept',
  'special-file': 'not a regular file',
  unreadable: 'it cannot be read',
  'name-refused': 'the server takes no such name',
  'name-taken': 'there is something else of that name',
  'too-deep': 'it lies too deep',
  vanished: 'it is gone',
}
const PROGRESS_EVENT_MS = 250

type Tally = {
  applied: number
  /** Symbolic links that were stored. */
  links: number
  unchanged: number
  kept: number
  conflicts: number
  failures: ExitCode[]
  left: number
  bytes: number
}

export function createPutReport(world: World, say: Say, display: ProgressDisplay): PutReport {
  const startedMs = world.now()
  const tally: Tally = { applied: 0, links: 0, unchanged: 0, kept: 0, conflicts: 0, failures: [], left: 0, bytes: 0 }
  let totals: UploadTotals | null = null
  let saidMs = startedMs
  const remarks = remarksOn(display)
  const shown = (path: string) => say.nameInNote(relative(world.cwd, path) || path)

  const progress = async (newest: UploadTotals) => {
    totals = newest
    display.update(sampleOf(newest, world.cwd))
    if (!say.isJson || world.now() - saidMs < PROGRESS_EVENT_MS) return
    saidMs = world.now()
    await say.json({ event: 'progress', ...newest })
  }

  const settled = async (item: UploadItem, outcome: FileOutcome) => {
    count(tally, item, outcome)
    await say.json({ event: 'file', path: item.path, bytes: item.sizeBytes, ...outcomeForMachines(outcome) })
    await addRemark(item.path, outcome)
  }
  const addRemark = async (path: string, outcome: FileOutcome) => {
    const remark = remarkOn(outcome, say)
    if (remark === null) return
    const name = say.paintNote(outcome.is === 'conflict' ? 'yellow' : 'red', shown(path))
    await remarks.add(remark.kind, `${name}: ${remark.text} [${remark.kind}]`)
  }

  return {
    skipped({ path, reason, detail }) {
      const isHarmless = HARMLESS.has(reason)
      if (isHarmless) tally.left++
      else tally.failures.push(EXIT.failed)
      void say.json({ event: 'skipped', path, reason, ...(detail === undefined ? {} : { detail }) })
      const why = detail ?? WHY[reason]
      void remarks.add(reason, `${shown(path)}: ${isHarmless ? 'left out' : 'not sent'}, ${why} [${reason}]`)
    },
    folder(node, created) {
      if (created) void say.json({ event: 'folder', node })
    },
    kept(item) {
      tally.kept++
      void say.json({ event: 'file', path: item.path, outcome: 'kept' })
    },
    async link(path, outcome) {
      if (outcome.is === 'applied') tally.links++
      else count(tally, { sizeBytes: 0 }, outcome)
      await say.json({ event: 'link', path, ...outcomeForMachines(outcome) })
      await addRemark(path, outcome)
    },
    event: (event) => (event.kind === 'progress' ? progress(event.totals) : settled(event.item, event.outcome)),
    async finish() {
      const tookMs = world.now() - startedMs
      const exit = exitOf(tally)
      await remarks.finish()
      await say.json({ event: 'summary', exit, tookMs, ...machineTally(tally), totals })
      await say.done(
        wrapText(summaryLine(tally, totals, tookMs), world.stdout.isTerminal ? world.stdout.columns : Infinity).join(
          '\n',
        ),
      )
      return exit
    },
  }
}

function count(tally: Tally, item: Pick<UploadItem, 'sizeBytes'>, outcome: FileOutcome): void {
  if (outcome.is === 'applied') tally.applied++
  else if (outcome.is === 'unchanged') tally.unchanged++
  else if (outcome.is === 'conflict') tally.conflicts++
  else tally.failures.push(outcome.is === 'failed' ? toFailure(outcome.error).exit : EXIT.failed)
  if (outcome.is === 'applied' || outcome.is === 'conflict') tally.bytes += item.sizeBytes
}

const machineTally = ({ applied, links, unchanged, kept, conflicts, failures, left }: Tally) => ({
  applied,
  links,
  unchanged,
  kept,
  conflicts,
  failed: failures.length,
  leftOut: left,
})

/** Some done and some not: 6. All failed: the code of the first. A copy that was made is worth a code of its own. */
export function exitOf({
  applied,
  links,
  unchanged,
  kept,
  conflicts,
  failures,
}: Omit<Tally, 'left' | 'bytes'>): ExitCode {
  if (failures.length > 0)
    return applied + links + unchanged + kept + conflicts > 0 ? EXIT.partly : (failures[0] ?? EXIT.failed)
  return conflicts > 0 ? EXIT.conflict : EXIT.ok
}

function outcomeForMachines(outcome: FileOutcome): Record<string, unknown> {
  switch (outcome.is) {
    case 'applied':
      return { outcome: 'applied', node: outcome.node }
    case 'unchanged':
      return { outcome: 'unchanged', nodeId: outcome.nodeId }
    case 'conflict':
      return { outcome: 'conflict', node: outcome.node, originalId: outcome.originalId }
    case 'rejected':
      return { outcome: 'rejected', error: rejectionFailure(outcome).problem }
    case 'busy':
      return { outcome: 'busy' }
    case 'failed':
      return { outcome: 'failed', error: toFailure(outcome.error).problem }
  }
}

function remarkOn(outcome: FileOutcome, say: Say): { kind: string; text: string } | null {
  switch (outcome.is) {
    case 'applied':
    case 'unchanged':
      return null
    case 'conflict': {
      // Policy `manual`: nothing stands beside it.
      if (outcome.node.id === outcome.originalId)
        return { kind: 'conflict', text: 'it had changed on the server meanwhile; yours is held: bitvault conflicts' }
      const copy = say.nameInNote(outcome.node.name)
      return { kind: 'conflict', text: `it had changed on the server meanwhile; yours is kept beside it as “${copy}”` }
    }
    case 'rejected':
      return sentenceOf(rejectionFailure(outcome))
    case 'busy':
      return { kind: 'file-busy', text: 'it kept changing while it was read; run it again later' }
    case 'failed':
      return sentenceOf(toFailure(outcome.error))
  }
}

const sentenceOf = ({ sentence, code }: Failure) => ({ kind: code, text: sentence })

const sampleOf = (totals: UploadTotals, cwd: string) => ({
  bytesDone: totals.bytesDone,
  bytesTotal: totals.bytesPlanned,
  filesDone: totals.filesDone,
  filesTotal: totals.filesPlanned,
  isTotalFinal: totals.planComplete,
  bytesMoved: totals.bytesSent,
  bytesSpared: totals.bytesDeduplicated,
  current: totals.current === null ? null : relative(cwd, totals.current) || totals.current,
})

/** `31 files, 1.05 GiB, in 17 s (63.2 MiB/s): 320 MiB sent, 131 MiB already there; 2 unchanged, 1 failed.` */
export function summaryLine(tally: Tally, totals: UploadTotals | null, tookMs: number): string {
  const { applied, links, conflicts, unchanged, kept, failures, left, bytes } = tally
  const sent = applied + conflicts
  const parts: string[] = []
  if (unchanged > 0) parts.push(`${unchanged} unchanged`)
  if (kept > 0) parts.push(`${kept} there already and kept`)
  if (conflicts > 0) parts.push(formatCount(conflicts, 'conflicted copy', 'conflicted copies'))
  if (left > 0) parts.push(`${left} left out`)
  if (failures.length > 0) parts.push(`${failures.length} failed`)
  if (sent + links === 0) return `Nothing new${parts.length === 0 ? '' : `: ${parts.join(', ')}`}.`
  const rate = tookMs >= 500 && bytes > 0 ? ` (${formatRate((bytes / tookMs) * 1000)})` : ''
  const wire = totals === null ? '' : `: ${formatBytes(totals.bytesSent)} sent`
  const spared =
    totals === null || totals.bytesDeduplicated === 0 ? '' : `, ${formatBytes(totals.bytesDeduplicated)} already there`
  const rest = parts.length === 0 ? '' : `; ${parts.join(', ')}`
  const what = links === 0 ? formatCount(sent, 'file') : `${formatCount(sent, 'file')}, ${formatCount(links, 'link')}`
  return `${what}, ${formatBytes(bytes)} in ${formatTook(tookMs)}${rate}${wire}${spared}${rest}.`
}
