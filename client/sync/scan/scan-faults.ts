import type { Item } from '../../../core/reconcile/item.ts'

/**
 * What an error of the disk means for a scan. `vanished`: it is not what it was a moment ago, look again. `busy`: look again, later. `blocked`: it stays
 * like this, and somebody must be told. `fatal`: nothing of this scan may be believed beyond what was seen (DK-13: EMFILE, ENOMEM …).
 */
export type ScanFault =
  | { is: 'vanished' }
  | { is: 'busy' }
  | { is: 'blocked'; blocked: NonNullable<Item['blocked']> }
  | { is: 'fatal' }

const VANISHED = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR'])
const BUSY = new Set(['busy', 'EBUSY', 'EAGAIN', 'ETXTBSY'])

const block = (reason: NonNullable<Item['blocked']>['reason'], detail: string): ScanFault => ({
  is: 'blocked',
  blocked: { reason, detail },
})

const DENIED = block('no-permission', 'the system does not let us read it')
const DAMAGED = block('unreadable', 'the disk cannot read it')
const TOO_LONG = block('path-too-long', 'the system cannot reach it: its path is too long')
const MOUNTED = block('special-file', 'another file system is mounted here: it can be synced as a folder of its own')
const BLOCKED: Record<string, ScanFault> = {
  EACCES: DENIED,
  EPERM: DENIED,
  EIO: DAMAGED,
  ENAMETOOLONG: TOO_LONG,
  EXDEV: MOUNTED,
}

export const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code)

export function scanFault(error: unknown): ScanFault {
  const code = codeOf(error)
  if (VANISHED.has(code)) return { is: 'vanished' }
  if (BUSY.has(code)) return { is: 'busy' }
  return BLOCKED[code] ?? { is: 'fatal' }
}

const details = (...faults: ScanFault[]): string[] =>
  faults.flatMap((fault) => (fault.is === 'blocked' ? [fault.blocked.detail] : []))

export const NOT_UTF8: NonNullable<Item['blocked']> = { reason: 'not-utf8', detail: 'its name is not UTF-8' }
export const TARGET_NOT_UTF8: NonNullable<Item['blocked']> = {
  reason: 'not-utf8',
  detail: 'what it links to is not UTF-8',
}
export const SPECIAL_FILE: NonNullable<Item['blocked']> = { reason: 'special-file', detail: 'a pipe, socket or device' }
export const ALWAYS_BUSY: NonNullable<Item['blocked']> = {
  reason: 'busy',
  detail: 'it changes faster than it can be read',
}
export const DAMAGED_HERE: NonNullable<Item['blocked']> = {
  reason: 'damaged-here',
  detail: 'its bytes have changed though nobody has written: the disk may be failing',
}
export const MOUNT = MOUNTED.is === 'blocked' ? MOUNTED.blocked : null

const OURS = new Set([
  ...details(DENIED, DAMAGED, TOO_LONG, MOUNTED),
  ...[NOT_UTF8, TARGET_NOT_UTF8, SPECIAL_FILE, ALWAYS_BUSY, DAMAGED_HERE].map(({ detail }) => detail),
])

/** Blocked by a scan, and so unblocked by one: others have their own reasons. */
export const isScanBlock = (blocked: Item['blocked']): boolean => blocked !== null && OURS.has(blocked.detail)
