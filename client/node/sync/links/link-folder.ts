import { join } from 'node:path'
import { stateFolder } from '../../folders.ts'

/** Where everything lies that belongs to one link and can be made anew from its two folders. */
export type LinkFolder = {
  readonly path: string
  readonly database: string
  /** Counts that outlive the process, and the last thing that was known. */
  readonly tally: string
  /** What happened, the newest at the end. */
  readonly log: string
  /** How to reach the process that works on the link. */
  readonly control: string
}

/** @param state see `stateFolder` */
export function linkFolder(id: string, state: string = stateFolder()): LinkFolder {
  const path = join(syncFolder(state), id)
  const inside = (name: string): string => join(path, name)
  return {
    path,
    database: inside('sync.sqlite'),
    tally: inside('tally.json'),
    log: inside('events.jsonl'),
    control: inside('control.json'),
  }
}

/** Of all links: one folder for each, and what the background process keeps. */
export const syncFolder = (state: string = stateFolder()): string => join(state, 'sync')
