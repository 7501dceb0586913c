import { AppError, isRetryable } from '../../core/errors.ts'
import type { BlockReason } from '../../core/reconcile/item.ts'
import { ConnectionError } from '../connection-error.ts'

export type Lasting = { reason: BlockReason; detail: string }

/** What a failure means for whoever works on one item. */
export type Trouble =
  /** Nobody answers, or all is refused for a while: nothing else would succeed either. */
  | { is: 'offline' }
  /** Signed out: nothing is done until somebody signs in; nothing is removed (NW-08). */
  | { is: 'ended' }
  /** The world is otherwise than the plan thought. `lasting`: what it means when it stays so, however often it is looked at. */
  | { is: 'changed'; side: 'server' | 'disk'; lasting?: Lasting }
  /** Only a person, or time, can help. */
  | { is: 'blocked'; reason: BlockReason; detail: string }

const ENDED: ReadonlySet<string> = new Set(['unauthenticated', 'token-expired', 'session-revoked'])
const CHANGED_ON_SERVER: ReadonlySet<string> = new Set([
  'name-taken',
  'in-trash',
  'version-conflict',
  'not-found',
  'would-cycle',
  'not-a-folder',
  'not-a-file',
  'mutation-reused',
  'upload-expired',
  'upload-incomplete',
  'cursor-invalid',
  'resync-required',
])
const BLOCKED: Readonly<Record<string, BlockReason>> = {
  forbidden: 'read-only',
  'name-invalid': 'name-not-possible',
  'content-mismatch': 'content-damaged',
  'chunk-unavailable': 'content-damaged',
}

/** Of an answer of the server. */
export function troubleOfCode(code: string, detail: string = code): Trouble {
  if (ENDED.has(code)) return { is: 'ended' }
  if (isRetryable(code as AppError['code'])) return { is: 'offline' }
  if (CHANGED_ON_SERVER.has(code)) return { is: 'changed', side: 'server' }
  return { is: 'blocked', reason: BLOCKED[code] ?? 'refused', detail }
}

const CHANGED_ON_DISK: ReadonlySet<string> = new Set(['ENOENT', 'EEXIST', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ESTALE'])
export const STAYS_NOT_EMPTY: Lasting = {
  reason: 'not-empty',
  detail: 'it is gone on the server, but something in it stays here',
}
const DISK_REASONS: Readonly<Record<string, BlockReason>> = {
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EROFS: 'no-permission',
  EBUSY: 'busy',
  ETXTBSY: 'busy',
  EIO: 'unreadable',
  ENAMETOOLONG: 'path-too-long',
  EILSEQ: 'name-not-possible',
  EINVAL: 'name-not-possible',
  EFBIG: 'no-space',
  EMLINK: 'no-space',
}
/** Too much is open, or too little memory: not the item's fault. */
const STRAINED: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'])

/**
 * Of whatever a port threw.
 * @throws `error` itself, when it is none that a port throws: a mistake of ours must not look like a busy file
 */
export function troubleOf(error: unknown, on: 'server' | 'disk'): Trouble {
  if (error instanceof ConnectionError) return { is: 'offline' }
  if (error instanceof AppError) return on === 'server' ? troubleOfCode(error.code, error.message) : diskTrouble(error)
  const code = systemCode(error)
  if (code === null) throw error
  if (STRAINED.has(code)) return { is: 'offline' }
  if (code === 'ENOTEMPTY') return { is: 'changed', side: 'disk', lasting: STAYS_NOT_EMPTY }
  if (CHANGED_ON_DISK.has(code)) return { is: 'changed', side: 'disk' }
  return { is: 'blocked', reason: DISK_REASONS[code] ?? 'unreadable', detail: code }
}

/** `busy`: it changes while it is read; `version-conflict`: it has changed since. */
function diskTrouble(error: AppError): Trouble {
  switch (error.code) {
    case 'busy':
      return { is: 'blocked', reason: 'busy', detail: 'it keeps changing' }
    case 'version-conflict':
    case 'precondition-failed':
    case 'not-found':
      return { is: 'changed', side: 'disk' }
    default:
      throw error
  }
}

/** `ENOENT`, …; `null`: not an error of the system. */
export const systemCode = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)
    ? error.code
    : null

/** Of the world outside, not a mistake of ours. */
export const isOfPort = (error: unknown): boolean =>
  error instanceof ConnectionError || error instanceof AppError || systemCode(error) !== null
