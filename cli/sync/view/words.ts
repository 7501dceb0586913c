import type { LinkState } from '../../../client/node/sync/host/link-status.ts'
import type { Colour } from '../../text/paint.ts'

/** A state in a few words, and the colour of how it is. */
export function describeState(state: LinkState, reason: string | null): { text: string; colour: Colour } {
  switch (state) {
    case 'starting':
      return { text: 'starting', colour: 'dim' }
    case 'scanning':
      return { text: 'looking for changes', colour: 'cyan' }
    case 'syncing':
      return {
        text: reason === 'being-written' ? 'waiting for files that are being written' : 'syncing',
        colour: 'cyan',
      }
    case 'up-to-date':
      return reason === null
        ? { text: 'up to date', colour: 'green' }
        : { text: 'up to date, but for what is blocked', colour: 'yellow' }
    case 'paused':
      return reason === 'brake'
        ? { text: 'waits for an answer', colour: 'yellow' }
        : { text: 'paused', colour: 'yellow' }
    case 'offline':
      return describeOffline(reason)
    case 'stopped':
      return { text: STOPPED[reason ?? ''] ?? 'stopped', colour: reason === null ? 'dim' : 'red' }
    case 'not-running':
      return { text: reason === 'paused' ? 'paused, and not running' : 'not running', colour: 'dim' }
  }
}

/** Without a reason nobody answers; with one, something else keeps a round from its end: it is tried again either way. */
const describeOffline = (reason: string | null): { text: string; colour: Colour } =>
  reason === null
    ? { text: 'offline: the server does not answer', colour: 'yellow' }
    : { text: `stuck, and trying again: ${reason}`, colour: 'red' }

const STOPPED: Readonly<Record<string, string>> = {
  'signed-out': 'stopped: signed out',
  'root-missing': 'stopped: the folder is not there',
  'root-other': 'stopped: another folder is in its place',
  'root-busy': 'stopped: another program works on the folder',
  'root-unreadable': 'stopped: the folder cannot be read',
  'root-gone': 'stopped: the folder on the server is gone, or not yours to read any more',
  internal: 'stopped: something went wrong',
}

/** What was, or would be, done, and in which direction. */
type StepWords = { done: string; planned: string; way: 'up' | 'down' | 'none' }

const STEPS: Readonly<Record<string, StepWords>> = {
  'create-remote-folder': { done: 'sent', planned: 'make there', way: 'up' },
  'upload-new': { done: 'sent', planned: 'send', way: 'up' },
  'upload-version': { done: 'sent', planned: 'send anew', way: 'up' },
  'move-remote': { done: 'moved', planned: 'move there', way: 'up' },
  'trash-remote': { done: 'deleted', planned: 'delete there', way: 'up' },
  'set-executable-remote': { done: 'sent', planned: 'set there', way: 'up' },
  'make-local-folder': { done: 'fetched', planned: 'make here', way: 'down' },
  download: { done: 'fetched', planned: 'fetch', way: 'down' },
  'move-local': { done: 'moved', planned: 'move here', way: 'down' },
  'park-local': { done: 'moved', planned: 'move here', way: 'down' },
  'set-aside': { done: 'set aside', planned: 'set aside', way: 'none' },
  'remove-local': { done: 'removed', planned: 'remove here', way: 'down' },
  'set-executable-local': { done: 'fetched', planned: 'set here', way: 'down' },
  block: { done: 'blocked', planned: 'block', way: 'none' },
}

export const stepWords = (step: string): StepWords => STEPS[step] ?? { done: step, planned: step, way: 'none' }

/** Why an item cannot be as it should, in a sentence that fits on every item with this reason. */
const BLOCKED: Readonly<Record<string, string>> = {
  'name-not-possible': 'this system cannot hold the name',
  'name-clash': 'to this system it has the name of something else here',
  'path-too-long': 'the path is too long for this system',
  'no-symlinks': 'this system has no symbolic links',
  'left-out': 'the folder that it was moved to is ignored here',
  'not-empty': 'it should go from here, but something in it is ignored or blocked',
  'special-file': 'a pipe, a socket or a device',
  'not-utf8': 'the name is not one that can be kept elsewhere',
  'no-permission': 'this computer does not let us read or write it',
  busy: 'it is in use, and keeps changing',
  'read-only': 'you may only read there: it stays here',
  'no-space': 'the disk is full',
  'over-quota': 'there is no room left on the server',
  'content-damaged': 'its bytes are damaged on the server, or on the way',
  'damaged-here': 'the disk of this computer has damaged it',
  unreadable: 'it cannot be read',
  refused: 'it was refused',
}

export const describeBlock = (reason: string): string => BLOCKED[reason] ?? reason

/** Their details say more than the reason does. */
const DETAILED: ReadonlySet<string> = new Set([
  'name-not-possible',
  'not-utf8',
  'name-clash',
  'path-too-long',
  'content-damaged',
  'refused',
])

/** What is to be said of one item beside the reason; a code of the system would tell a person nothing new. */
export const detailOf = (reason: string, detail: string): string | null =>
  DETAILED.has(reason) && !/^(?:E[A-Z0-9]+)?$/.test(detail) ? detail : null
