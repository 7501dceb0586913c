import type { LinkState } from '../../client/node/sync/host/link-status.ts'
import type { Colour } from '../text/paint.ts'

/** A state in one or two words, and the colour of how it is. */
export function describeState(state: LinkState, reason: string | null): { text: string; colour: Colour } {
  switch (state) {
    case 'starting':
      return { text: 'starting', colour: 'dim' }
    case 'scanning':
      return { text: 'looking for changes', colour: 'cyan' }
    case 'syncing':
      return { text: 'syncing', colour: 'cyan' }
    case 'up-to-date':
      return reason === null
        ? { text: 'up to date', colour: 'green' }
        : { text: 'up to date, but for what is blocked', colour: 'yellow' }
    case 'paused':
      return reason === 'brake'
        ? { text: 'waits for an answer', colour: 'yellow' }
        : { text: 'paused', colour: 'yellow' }
    case 'offline':
      return { text: reason === null ? 'offline' : `stuck: ${reason}`, colour: 'yellow' }
    case 'stopped':
      return { text: STOPPED[reason ?? ''] ?? 'stopped', colour: reason === null ? 'dim' : 'red' }
    case 'not-running':
      return { text: reason === 'paused' ? 'not running, paused' : 'not running', colour: 'dim' }
  }
}

const STOPPED: Readonly<Record<string, string>> = {
  'signed-out': 'signed out',
  'root-missing': 'the folder is not there',
  'root-other': 'another folder is in its place',
  'root-busy': 'another program works on the folder',
  'root-unreadable': 'the folder cannot be read',
  'root-gone': 'the folder on the server is gone',
  internal: 'something went wrong',
}

const STEP_WORDS: Readonly<Record<string, string>> = {
  'create-remote-folder': 'sent',
  'upload-new': 'sent',
  'upload-version': 'sent',
  'move-remote': 'moved',
  'trash-remote': 'deleted',
  'set-executable-remote': 'sent',
  'make-local-folder': 'fetched',
  download: 'fetched',
  'move-local': 'moved',
  'park-local': 'moved',
  'remove-local': 'deleted',
  'set-executable-local': 'fetched',
}

export const stepWord = (step: string): string => STEP_WORDS[step] ?? step
