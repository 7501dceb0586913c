import { AppError, type ErrorCode } from '../../core/errors.ts'
import type { MutationResult } from '../../protocol/files.ts'
import type { Api } from '../api.ts'
import { ConnectionError } from '../connection-error.ts'
import type { ChunkSlots } from '../content/chunk-slots.ts'
import type { WindowPool } from './chunk-window.ts'
import type { FileOutcome, UploadItem } from './events.ts'
import type { FileSource } from './file-source.ts'
import type { Limiter } from './limiter.ts'
import type { Totals } from './totals.ts'
import type { UploadJournal } from './upload-journal.ts'

/** What the jobs of one `uploadTree` share. */
export type UploadRun = {
  api: Api
  files: FileSource
  journal: UploadJournal
  totals: Totals
  windows: WindowPool
  /** Buffers in which the chunks of small files are made. */
  smallSlots: ChunkSlots
  limitPuts: Limiter
  limitReads: Limiter
  /** Aborts when the upload is given up or has failed for good. */
  stop: AbortSignal
  settle(item: UploadItem, outcome: FileOutcome): void
}

/** Nothing else would succeed either: these end the whole upload. */
const FATAL: ReadonlySet<ErrorCode> = new Set([
  'unauthenticated',
  'token-expired',
  'session-revoked',
  'too-many-requests',
  'busy',
  'store-unavailable',
  'database-unavailable',
])

export function isFatal(run: UploadRun, error: unknown): boolean {
  if (run.stop.aborted || error instanceof ConnectionError) return true
  return error instanceof AppError && FATAL.has(error.code)
}

export const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** How one of the server's results reads for a caller. */
export function outcomeOf(result: MutationResult): FileOutcome {
  switch (result.outcome) {
    case 'applied':
      return { is: 'applied', node: result.node }
    case 'conflict':
      return { is: 'conflict', node: result.node, originalId: result.original }
    case 'rejected': {
      const { code, detail } = result.problem
      return { is: 'rejected', code, ...(typeof detail === 'string' ? { detail } : {}) }
    }
  }
}

/** The chunks went away between check and commit, or the upload did: a fresh start may succeed. */
const FRESH_START: ReadonlySet<string> = new Set(['upload-expired', 'upload-incomplete', 'chunk-unavailable'])
export const wantsFreshStart = (code: string): boolean => FRESH_START.has(code)
