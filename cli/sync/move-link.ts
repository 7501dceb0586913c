import { readMarker } from '../../client/node/sync/disk/root-marker.ts'
import { openRoot } from '../../client/node/sync/disk/root.ts'
import { findPlaceFault } from '../../client/node/sync/links/link-places.ts'
import type { Link } from '../../client/node/sync/links/link.ts'
import { configFolder, stateFolder } from '../../client/node/folders.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import type { Say } from '../say.ts'
import type { World } from '../world.ts'
import { placeRefused } from './link-faults.ts'
import { linksOf } from './link-parts.ts'
import { realPathOf } from './local-folder.ts'
import { tellChanged } from './running.ts'
import { shownFolder } from './view/shown-folder.ts'

/**
 * A linked folder that a person has moved elsewhere: its mark says which one it is, so it goes on with all that is known of it. Only when it is not in its
 * old place any more: otherwise it is a copy, which is another device (RT-06).
 */
export async function moveLink(world: World, root: string, say: Say): Promise<void> {
  const links = linksOf(world)
  const id = markOf(root)
  const link = id === null ? null : await links.find(id)
  if (link === null) throw refused(`${root} does not carry the mark of a link of yours`)
  if (link.root === root) return
  if (markOf(link.root) === link.id) throw refused(`${link.root} is still there: this is a copy of it`)
  const own = [configFolder(world.env, world.platform), stateFolder(world.env, world.platform)]
  const [home = '', ...ours] = await Promise.all([world.home, ...own].map(realPathOf))
  await links.update((present) => {
    const others = present.filter((one: Link) => one.id !== link.id)
    const fault = findPlaceFault(root, { links: others, home, own: ours })
    if (fault !== null) throw placeRefused(root, fault)
    return present.map((one) => (one.id === link.id ? { ...one, root } : one))
  })
  await tellChanged(world, link)
  await say.done(
    `${say.name(shownFolder(root, world.home))} goes on as ${say.name(shownFolder(link.root, world.home))}.`,
  )
}

/** `null`: no folder, or none with a mark. */
function markOf(path: string): string | null {
  try {
    const marker = readMarker(openRoot(path))
    return 'id' in marker ? marker.id : null
  } catch {
    return null
  }
}

const refused = (message: string): CliError =>
  new CliError({
    code: 'not-moved',
    exit: EXIT.failed,
    message,
    next: 'Without --moved it is linked as a folder of its own.',
  })
