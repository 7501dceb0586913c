import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openDisk } from '../../../client/node/sync/disk/open-disk.ts'
import { openLinkRoot } from '../../../client/node/sync/host/link-root.ts'
import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import type { LinkFolder } from '../../../client/node/sync/links/link-folder.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import { OWN_FOLDER } from '../../../client/sync/own-folder.ts'
import type { Abilities } from '../../../core/reconcile/abilities.ts'
import { formatBytes } from '../../text/quantity.ts'
import { bad, good, note, type Finding } from './finding.ts'

/** Less than this is soon full. */
const SPACE_NOTE_BYTES = 1024 ** 3
const SPACE_BAD_BYTES = 64 * 1024 ** 2

/** What can be told of the folder itself, and of the disks. */
export async function folderFindings(link: Link, status: LinkStatus, own: LinkFolder): Promise<Finding[]> {
  const root = await rootFinding(link, status)
  const isThere = root.is === 'good'
  return [
    root,
    ...(isThere ? [abilitiesFinding(link.root), watcherFinding(status)] : []),
    ...(isThere ? [spaceFinding('space', 'where the folder is', link.root)] : []),
    ...(existsSync(own.path) ? [spaceFinding('state space', 'where the sync database is', own.path)] : []),
    ...(isThere ? [trashFinding(link.root)] : []),
  ]
}

async function rootFinding(link: Link, { process }: LinkStatus): Promise<Finding> {
  // Whoever works on it holds the lock, and has found the mark.
  if (process !== null && markOf(link.root) === link.id)
    return good('folder', `${link.root}, worked on by process ${process.pid} in the ${process.kind}`)
  const opened = await openLinkRoot(link)
  if (!('is' in opened)) {
    opened.close()
    return good('folder', `${link.root}, nobody works on it`)
  }
  switch (opened.is) {
    case 'root-missing':
      return bad(
        'folder',
        `${link.root} is not there, or has lost its mark`,
        'Connect its drive. If you moved it: bitvault sync --moved <where it is now>',
      )
    case 'root-other':
      return bad(
        'folder',
        `${link.root} carries the mark of another link`,
        'Put the right folder there, or unlink this one: bitvault sync unlink',
      )
    case 'root-busy':
      return bad('folder', opened.detail, 'End that program first.')
    case 'root-unreadable':
      return bad('folder', `${link.root} cannot be opened: ${opened.detail}`, 'Is it yours, and is the disk well?')
  }
}

function markOf(root: string): string | null {
  try {
    return readFileSync(join(root, OWN_FOLDER, 'root'), 'utf8').trim()
  } catch {
    return null
  }
}

function abilitiesFinding(root: string): Finding {
  const disk = openDisk(root)
  const { abilities } = disk
  disk.close()
  const cannot = limitsOf(abilities)
  const names = `names of up to ${abilities.nameMax.units} ${abilities.nameMax.of === 'utf8' ? 'bytes' : 'letters'}`
  if (cannot.length === 0)
    return good('file system', `holds every name as it is, links and the executable bit; ${names}`)
  return note(
    'file system',
    `${cannot.join(', ')}; ${names}`,
    'What it cannot hold is blocked here, and stays on the server.',
  )
}

const limitsOf = ({ isCaseSensitive, normalises, symlinks, executableBit, refuses }: Abilities): string[] => [
  ...(isCaseSensitive ? [] : ['takes A and a for one name']),
  ...(normalises === 'nothing' ? [] : ['respells accents']),
  ...(symlinks ? [] : ['has no symbolic links']),
  ...(executableBit ? [] : ['has no executable bit']),
  ...(refuses === 'nothing' ? [] : ['refuses some names']),
]

function watcherFinding({ watcherTrouble, process }: LinkStatus): Finding {
  const limit = inotifyLimit()
  if (watcherTrouble !== null)
    return bad(
      'watcher',
      watcherTrouble,
      limit === null
        ? undefined
        : `Now it is ${limit.toLocaleString('en-US')}: sudo sysctl fs.inotify.max_user_watches=${limit * 4}`,
    )
  const most = limit === null ? '' : `; at most ${limit.toLocaleString('en-US')} folders can be watched`
  return good('watcher', process === null ? `not needed now${most}` : `sees changes as they happen${most}`)
}

function inotifyLimit(): number | null {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_user_watches', 'utf8')) || null
  } catch {
    return null
  }
}

function spaceFinding(check: string, what: string, path: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(path)
    const free = bavail * bsize
    const text = `${formatBytes(free)} free ${what}`
    if (free < SPACE_BAD_BYTES) return bad(check, text, 'Make room: nothing more can be fetched.')
    return free < SPACE_NOTE_BYTES ? note(check, text) : good(check, text)
  } catch {
    return note(check, `not known ${what}`)
  }
}

function trashFinding(root: string): Finding {
  const folder = join(root, OWN_FOLDER, 'trash')
  let [files, bytes] = [0, 0]
  try {
    for (const name of readdirSync(folder)) {
      bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
      files++
    }
  } catch {
    // There is none yet.
  }
  const text =
    files === 0 ? 'empty' : `${files.toLocaleString('en-US')} files, ${formatBytes(bytes)}, kept for 30 days: ${folder}`
  return good('safety trash', text)
}
