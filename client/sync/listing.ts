import { hash } from 'node:crypto'
import type { LocalState } from '../../core/reconcile/item.ts'
import type { DiskEntry, Listing } from './ports.ts'

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

export const countOf = (entries: readonly DiskEntry[]): { entries: number; folders: number } => ({
  entries: entries.length,
  folders: entries.filter(({ kind }) => kind === 'folder').length,
})

/** No name has a slash. */
const lineOf = ({ name, kind, stamp, fault }: Line): string =>
  `${name}/${fault ?? kind} ${stamp.ino} ${stamp.size} ${stamp.mtimeNs} ${stamp.ctimeNs}/`

const digest = (lines: string[]): string => hash('sha256', lines.sort().join(''), 'base64')
