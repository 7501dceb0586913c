import { brakeText } from './brake-text.ts'
import type { LinkStatus } from './link-status.ts'

type Facts = Pick<LinkStatus, 'state' | 'reason' | 'brake' | 'blocked'> & { reasons: readonly string[] }

/**
 * What keeps a device from being in step, for a person on another one; `null`: nothing that stays. The server keeps it, so no name of a file and no path of
 * this computer is in it.
 */
export function troubleText({ state, reason, brake, blocked, reasons }: Facts): string | null {
  if (brake !== null) {
    const { mass, items, of } = brake
    return `${brakeText({ mass, items: `${items}`, of: `${of} items` })}: this waits for an answer`
  }
  if (state === 'stopped' && reason !== null) return STOPPED[reason] ?? null
  if (state !== 'up-to-date' || blocked === 0) return null
  const why = [...new Set(reasons)].toSorted().join(', ')
  return `${blocked} ${blocked === 1 ? 'item is' : 'items are'} blocked: ${why}`
}

const STOPPED: Readonly<Record<string, string>> = {
  'root-missing': 'the folder is not there: is its drive connected?',
  'root-other': 'another folder is in its place',
  'root-busy': 'another program works on the folder',
  'root-unreadable': 'the folder cannot be read',
  'root-gone': 'the folder on the server is gone, or may not be read any more',
  internal: 'something went wrong; the log on the device says what',
}
