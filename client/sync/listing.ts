import { hash } from 'node:crypto'
import type { LocalState } from '../../core/reconcile/item.ts'
import type { IgnoreRules } from './ignore.ts'
import type { DiskEntry, Listing, LocalPath } from './ports.ts'

type Line = Pick<DiskEntry, 'name' | 'kind' | 'stamp' | 'fault'>

/**
 * What a listing shows, in short, in whatever order it came: SHA-256 over the name, kind and stamp of each entry. Equal digests are equal listings.
 * @returns base64
 */
export const digestOf = (entries: readonly Line[]): string => digest(entries.map(lineOf))

/** Of what is known of a folder: the digest of a listing that shows just this. */
export const digestOfKnown = (states: readonly LocalState[]): string =>
  // What could not be looked at is looked at again: no listing shows the same.
  digest(
    states.map(({ place, kind, stamp, content }) => lineOf({ name: place.name, kind, stamp }) + (content ? '' : '?')),
  )

/** @returns how much there is, when it has the digest that was expected */
export function listingOf(entries: DiskEntry[], expected: string | null): Listing {
  return expected === null || digestOf(entries) !== expected ? entries : countOf(entries)
}

/** What is left out in a folder hangs on the rules, and on the names of those above it: under others the digest says nothing. */
export const toRemember = (rules: IgnoreRules, folder: LocalPath, digest: string): string =>
  markOf(rules, folder) + digest

/** @param remembered as `toRemember` gave it for what is in this folder @returns `null`: it says nothing now */
export function remembered(rules: IgnoreRules, folder: LocalPath, remembered: string | null): string | null {
  const mark = markOf(rules, folder)
  return remembered?.startsWith(mark) ? remembered.slice(mark.length) : null
}

const markOf = ({ key }: IgnoreRules, folder: LocalPath): string =>
  `${hash('sha256', `${key}/${folder}`, 'base64').slice(0, 12)} `

export const countOf = (entries: readonly DiskEntry[]): { entries: number; folders: number } => ({
  entries: entries.length,
  folders: entries.filter(({ kind }) => kind === 'folder').length,
})

/** No name has a slash. */
const lineOf = ({ name, kind, stamp, fault }: Line): string =>
  `${name}/${fault ?? kind} ${stamp.ino} ${stamp.size} ${stamp.mtimeNs} ${stamp.ctimeNs}/`

const digest = (lines: string[]): string => hash('sha256', lines.sort().join(''), 'base64')
