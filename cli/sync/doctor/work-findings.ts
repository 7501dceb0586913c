import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import type { LinkFolder } from '../../../client/node/sync/links/link-folder.ts'
import { readVersion } from '../../version.ts'
import { formatAgo, formatBytes, formatCount } from '../../text/quantity.ts'
import { describeState } from '../view/words.ts'
import { bad, good, note, type Finding } from './finding.ts'

type Asked = { status: LinkStatus; own: LinkFolder; folder: string; nowMs: number }

/** How the work on a link goes: what is known of it over restarts. */
export const workFindings = (asked: Asked): Finding[] => [
  stateFinding(asked),
  databaseFinding(asked),
  ...setAsideFindings(asked.own),
  stopsFinding(asked),
  refusalsFinding(asked),
  blockedFinding(asked),
]

function stateFinding({ status, folder }: Asked): Finding {
  const { state, reason, process } = status
  const { text } = describeState(state, reason)
  if (process !== null && process.version !== readVersion())
    return note(
      'work',
      `${text}; process ${process.pid} is version ${process.version}`,
      'Begin it again: bitvault sync stop, then bitvault sync --background',
    )
  if (state === 'not-running') return note('work', text, `Begin with: bitvault sync --background ${folder}`)
  if (state === 'stopped' || state === 'offline') return bad('work', text)
  return state === 'paused' ? note('work', text) : good('work', text)
}

function databaseFinding({ status, own }: Asked): Finding {
  const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size
  const main = sizeOf(own.database)
  if (main === undefined) return note('database', 'none yet')
  // While it is worked on, what is new is beside it.
  const size = main + (sizeOf(`${own.database}-wal`) ?? 0)
  if (status.process !== null) return good('database', `${formatBytes(size)}, checked when it was opened`)
  const verdict = quickCheck(own.database)
  if (verdict === 'ok') return good('database', `${formatBytes(size)}, whole`)
  return bad('database', verdict, 'It is set aside and made anew at the next start; nothing is deleted for it.')
}

function quickCheck(path: string): string {
  try {
    const db = new DatabaseSync(path, { readOnly: true })
    try {
      return String(Object.values(db.prepare('pragma quick_check(1)').get() ?? {})[0])
    } finally {
      db.close()
    }
  } catch (error) {
    return (error as Error).message
  }
}

function setAsideFindings({ database }: LinkFolder): Finding[] {
  const folder = dirname(database)
  const name = `${basename(database)}.damaged-`
  if (!existsSync(folder)) return []
  const aside = readdirSync(folder).filter((one) => one.startsWith(name) && !one.endsWith('-wal'))
  if (aside.length === 0) return []
  return [
    note(
      'old databases',
      `${aside.length} damaged, set aside: ${join(folder, aside[0] ?? '')}`,
      'They can go when all is well.',
    ),
  ]
}

function stopsFinding({ status, nowMs }: Asked): Finding {
  const { uncleanStops, lastUncleanStopAt } = status
  if (uncleanStops === 0) return good('stops', 'always ended in order')
  const last = lastUncleanStopAt === null ? '' : `, noticed ${formatAgo(lastUncleanStopAt, nowMs)} the last time`
  return note(
    'stops',
    `ended without warning ${formatCount(uncleanStops, 'time')}${last}: what was written last was read again`,
  )
}

function refusalsFinding({ status, own }: Asked): Finding {
  const { refusals } = status
  if (refusals === 0) return good('guard', 'no step was refused')
  return bad(
    'guard',
    `${formatCount(refusals, 'step was', 'steps were')} refused, since nothing showed that the bytes are held elsewhere; nothing was lost`,
    `Please report it, with the lines of "guard" in ${own.log}`,
  )
}

function blockedFinding({ status, folder }: Asked): Finding {
  const { blocked, process } = status
  if (blocked === 0) return good('blocked', 'nothing')
  if (process === null) return note('blocked', `${formatCount(blocked, 'item')} when it was last worked on`)
  return note('blocked', formatCount(blocked, 'item'), `Which, and why: bitvault sync status --blocked ${folder}`)
}
