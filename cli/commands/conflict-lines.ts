import type { ConflictWire } from '../../protocol/mutations.ts'
import { formatRemotePath } from '../remote-path.ts'
import type { Say } from '../say.ts'
import { formatBytes, formatTime } from '../text/quantity.ts'
import { alignColumns } from '../text/table.ts'
import type { Who } from '../who.ts'
import { placeOf } from './find-conflict.ts'

type Side = ConflictWire['mine']

/**
 *     home/report.txt
 *       mine    2026-03-04 05:06  you  laptop  1.5 KiB  came second
 *       theirs  2026-03-04 05:05  you  phone   1.4 KiB  was there (v3)
 *       beside  report (conflicted copy from laptop, 2026-03-04 05.06).txt
 *       id      0199…
 */
export function conflictLines(conflict: ConflictWire, spaceName: string, say: Say, who: Who): string[] {
  const { mine, theirs, base, baseRevision, theirRevision } = conflict
  const sides = alignColumns(
    [
      sideRow('mine', mine, 'came second', say, who),
      sideRow('theirs', theirs, `was there (v${theirRevision})`, say, who),
      ...(baseRevision === 0 ? [] : [sideRow('base', base, `both began with it (v${baseRevision})`, say, who)]),
    ],
    ['left', 'left', 'left', 'left', 'right', 'left'],
  )
  const facts = [...besideOf(conflict, say), ['id', conflict.id], ...endOf(conflict, who)]
  return [
    say.paint('bold', say.name(formatRemotePath(placeOf(conflict, spaceName)))),
    ...sides.map((line) => `  ${line}`),
    ...alignColumns([['theirs', ''], ...facts], ['left', 'left'])
      .slice(1)
      .map((line) => `  ${line}`),
  ]
}

/** How it can end, and what becomes of what is not chosen. */
export function choiceLines({ copy }: ConflictWire): string[] {
  const toTrash = copy === null ? '' : ', the copy goes to the trash'
  return [
    `--mine    what came second becomes a new version${toTrash}`,
    `--theirs  what was there stays${toTrash}`,
    `--both    side by side${copy === null ? ', what came second under another name' : ''}`,
    '--merged  a file of yours that holds both becomes a new version',
    ...(copy === null ? ['What came second is kept with the conflict, as long as things in the trash are.'] : []),
  ]
}

function sideRow(called: string, side: Side | null, what: string, say: Say, who: Who): string[] {
  if (side === null) return [called, '–', '', '', '', `${what}, no longer kept`]
  return [called, formatTime(side.at), who(side.userId), say.name(side.device), sizeOf(side), what]
}

const sizeOf = ({ size, linkTarget }: Side): string => (linkTarget === null ? formatBytes(size ?? 0) : 'link')

/** Policy `manual` holds the content that came second; under `newest-wins` it is a version. */
function besideOf({ copy, resolution }: ConflictWire, say: Say): string[][] {
  if (copy !== null) return [['beside', `${say.name(copy.name)}${copy.trashedAt === null ? '' : ' (in the trash)'}`]]
  return resolution === null ? [['held', 'until somebody decides: mine is not in the folder']] : []
}

function endOf({ resolution, resolvedAt, resolvedBy }: ConflictWire, who: Who): string[][] {
  if (resolution === null) return []
  const how = resolution === 'newest-wins' ? 'the newest won, as the folder says' : resolution
  const by = resolvedBy === null ? '' : ` by ${who(resolvedBy)}`
  return [['ended', `${how}${resolvedAt === null ? '' : `, ${formatTime(resolvedAt)}`}${by}`]]
}
