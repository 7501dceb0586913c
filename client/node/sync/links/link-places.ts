import { sep } from 'node:path'
import type { Link } from './link.ts'

/** Why a folder cannot be linked: `with` is the folder that it gets in the way of. */
export type PlaceFault =
  | { is: 'linked'; with: Link }
  | { is: 'inside-linked'; with: Link }
  | { is: 'holds-linked'; with: Link }
  /** Everything, or everything of this person: passwords and caches with it, and nothing could be chosen. */
  | { is: 'too-wide'; what: 'root' | 'home' }
  /** It holds our own sign-ins or sync databases, or lies among them. */
  | { is: 'our-own'; path: string }

type Surroundings = {
  links: readonly Link[]
  /** The home folder of the person. */
  home: string
  /** Our own folders: config and state. */
  own: readonly string[]
}

/** @param root absolute, without symbolic links, as are all others */
export function findPlaceFault(root: string, { links, home, own }: Surroundings): PlaceFault | null {
  if (isTop(root)) return { is: 'too-wide', what: 'root' }
  if (root === home || isInside(home, root)) return { is: 'too-wide', what: 'home' }
  for (const link of links) {
    if (link.root === root) return { is: 'linked', with: link }
    if (isInside(root, link.root)) return { is: 'inside-linked', with: link }
    if (isInside(link.root, root)) return { is: 'holds-linked', with: link }
  }
  const mixed = own.find((path) => path === root || isInside(path, root) || isInside(root, path))
  return mixed === undefined ? null : { is: 'our-own', path: mixed }
}

/** `/`, `C:\`. */
const isTop = (path: string): boolean => path === sep || /^[A-Za-z]:\\?$/.test(path)

/** Strictly below. */
export function isInside(path: string, folder: string, separator: string = sep): boolean {
  const prefix = folder.endsWith(separator) ? folder : folder + separator
  return path.startsWith(prefix) && path !== folder
}

/** The link that a path lies in or is the root of. */
export const linkOf = (path: string, links: readonly Link[]): Link | null =>
  links.find(({ root }) => root === path || isInside(path, root)) ?? null
