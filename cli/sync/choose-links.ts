import { resolve } from 'node:path'
import { linkOf } from '../../client/node/sync/links/link-places.ts'
import type { Link } from '../../client/node/sync/links/link.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import type { World } from '../world.ts'
import { linksOf } from './link-parts.ts'
import { realPathOf } from './local-folder.ts'
import { shownFolder } from './view/shown-folder.ts'

/** The linked folder that a person names: itself, or anything in it. @throws CliError `not-linked` */
export async function chooseLink(world: World, given: string): Promise<Link> {
  const links = await linksOf(world).list()
  const link = await linkAt(world, given, links)
  if (link !== null) return link
  throw new CliError({
    code: 'not-linked',
    exit: EXIT.notFound,
    message: `${given} is not in a linked folder`,
    next: links.length === 0 ? LINK_ONE : 'bitvault sync status lists those that are.',
  })
}

/** Also of a folder whose drive is not there. */
export async function linkAt(world: World, given: string, links: readonly Link[]): Promise<Link | null> {
  const path = resolve(world.cwd, given)
  return linkOf(await realPathOf(path), links) ?? linkOf(path, links)
}

/** The one that is meant when none is named: the one that the person stands in, or the only one. @throws CliError */
export async function chooseOnly(world: World, given: string | undefined): Promise<Link> {
  if (given !== undefined) return chooseLink(world, given)
  const links = await linksOf(world).list()
  const here = await linkAt(world, '.', links)
  const only = links.length === 1 ? links[0] : undefined
  const link = here ?? only
  if (link) return link
  if (links.length === 0) throw noLinks()
  const shown = links.map(({ root }) => shownFolder(root, world.home)).join(', ')
  throw usageError(`say which folder is meant: ${shown}`)
}

/** The one that is named, or all. @throws CliError `not-linked` */
export async function chooseLinks(world: World, given: string | undefined): Promise<Link[]> {
  if (given !== undefined) return [await chooseLink(world, given)]
  const links = await linksOf(world).list()
  if (links.length === 0) throw noLinks()
  return links
}

const LINK_ONE = 'Link one: bitvault sync <folder> [space/path]'

const noLinks = (): CliError =>
  new CliError({ code: 'not-linked', exit: EXIT.notFound, message: 'no folder is linked', next: LINK_ONE })
