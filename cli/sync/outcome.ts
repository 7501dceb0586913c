import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'

/** What `--once` ends with, or `null`: there is more to do, or it will pass. */
export function outcomeOf({
  state,
  reason,
  blocked,
}: Pick<LinkStatus, 'state' | 'reason' | 'blocked'>): ExitCode | null {
  switch (state) {
    case 'up-to-date':
      return blocked === 0 ? EXIT.ok : EXIT.partly
    case 'paused':
      return EXIT.partly
    case 'stopped':
      return STOPPED[reason ?? ''] ?? EXIT.failed
    default:
      return null
  }
}

const STOPPED: Readonly<Record<string, ExitCode>> = {
  'signed-out': EXIT.notSignedIn,
  'root-missing': EXIT.notFound,
  'root-other': EXIT.notFound,
  'root-gone': EXIT.notFound,
}
