import type { PlaceFault } from '../../client/node/sync/links/link-places.ts'
import type { Link } from '../../client/node/sync/links/link.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { quoteForShell } from '../text/quote.ts'

const refused = (code: string, message: string, next: string): CliError =>
  new CliError({ code, exit: EXIT.failed, message, next })

/** Why a folder cannot be linked, and what to do. */
export function placeRefused(root: string, fault: PlaceFault): CliError {
  switch (fault.is) {
    case 'linked':
      return refused('already-linked', `${root} is linked to ${fault.with.place}`, unlinkFirst(fault.with))
    case 'inside-linked':
      return refused(
        'inside-linked',
        `${root} lies in ${fault.with.root}, which is kept in step with ${fault.with.place} already`,
        'It is kept in step as a part of that one.',
      )
    case 'holds-linked':
      return refused(
        'holds-linked',
        `${root} holds ${fault.with.root}, which is kept in step with ${fault.with.place}`,
        unlinkFirst(fault.with),
      )
    case 'too-wide':
      return refused(
        'too-wide',
        fault.what === 'root'
          ? `${root} is the whole disk`
          : `${root} is, or holds, your home folder: passwords, caches and open databases lie in it`,
        'Link the folders in it that you want to have elsewhere too.',
      )
    case 'our-own':
      return refused(
        'our-own',
        `${root} and ${fault.path} are mixed up: there bitvault keeps its sign-ins and sync databases`,
        'Choose a folder that has nothing to do with it.',
      )
  }
}

const unlinkFirst = ({ root }: Link): string => `First, if you want that: bitvault sync unlink ${quoteForShell(root)}`

/** The folder carries a mark that is not ours to take (RT-06, RT-07). */
export function markRefused(root: string, owner: Link | null): CliError {
  const folder = quoteForShell(root)
  if (owner === null)
    return refused(
      'marked',
      `${root} carries the mark of a link that this user of this computer does not have`,
      `If no other computer or user keeps it in step: bitvault sync --anew ${folder} …`,
    )
  return refused(
    'marked',
    `${root} carries the mark of the link of ${owner.root}`,
    `If you moved that folder here: bitvault sync --moved ${folder}\nIf this is a copy of it: bitvault sync --anew ${folder} …`,
  )
}

export const lockedByOther = (root: string, detail: string): CliError =>
  refused('busy', `${root}: ${detail}`, 'End that first.')
