import { lstat } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import type { Api } from '../../client/api.ts'
import type { Link } from '../../client/node/sync/links/link.ts'
import { linkOf } from '../../client/node/sync/links/link-places.ts'
import { createPathFinder } from '../remote-place.ts'
import type { World } from '../world.ts'
import { linksOf } from './link-parts.ts'
import { realPathOf } from './local-folder.ts'

/** Something in a linked folder: the names below it. */
export type LinkedPath = { link: Link; names: string[] }

/**
 * A path of this computer that lies in a linked folder; `null`: it does not, or it is one of the server. Both look alike: what begins with a slash or a dot, or
 * is there, is of this computer; so is what leads from outside into the linked folder, and into a folder that is there.
 */
export async function linkedPathOf(world: World, text: string): Promise<LinkedPath | null> {
  // Without links, or with a file of them that cannot be read, every path is one of the server.
  const links = await linksOf(world)
    .list()
    .catch(() => [])
  const path = resolve(world.cwd, text)
  // The last name may be that of a link, which is the thing itself.
  const real = resolve(await realPathOf(resolve(path, '..')), path.slice(path.lastIndexOf(sep) + 1))
  const link = linkOf(real, links) ?? linkOf(path, links)
  if (link === null) return null
  const isMeant =
    isAbsolute(text) ||
    /^\.{1,2}([/\\]|$)/.test(text) ||
    (await isThere(path)) ||
    ((await leadsInto(world, link)) && (await isThere(dirname(path))))
  if (!isMeant) return null
  const names = relative(link.root, linkOf(real, links) === null ? path : real)
  return { link, names: names === '' ? [] : names.split(sep) }
}

/** Whoever stands in the folder may mean a space of that name. */
const leadsInto = async ({ cwd }: World, link: Link): Promise<boolean> =>
  linkOf(await realPathOf(cwd), [link]) === null && linkOf(cwd, [link]) === null

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** Where the folder of a link is on the server now: space first. */
export const placeOfLink = async (api: Api, { node }: Pick<Link, 'node'>): Promise<string[]> =>
  createPathFinder(api).of(await api.stat(node))
