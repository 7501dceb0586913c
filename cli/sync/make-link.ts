import { basename } from 'node:path'
import type { Api } from '../../client/api.ts'
import { configFolder, stateFolder } from '../../client/node/folders.ts'
import { openDisk } from '../../client/node/sync/disk/open-disk.ts'
import { openRoot } from '../../client/node/sync/disk/root.ts'
import { lockRoot } from '../../client/node/sync/disk/root-lock.ts'
import { readMarker } from '../../client/node/sync/disk/root-marker.ts'
import { labelOf, registerDevice } from '../../client/node/sync/host/device.ts'
import { findPlaceFault } from '../../client/node/sync/links/link-places.ts'
import type { Link } from '../../client/node/sync/links/link.ts'
import { AppError } from '../../core/errors.ts'
import { uuidV7 } from '../../core/ids.ts'
import type { NodeStateWire, Space } from '../../protocol/files.ts'
import type { Connection } from '../connection.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { createFolderChain, resolvePath } from '../remote.ts'
import { formatRemotePath, parseRemotePathInSpace, type RemotePath } from '../remote-path.ts'
import { quoteForShell } from '../text/quote.ts'
import type { World } from '../world.ts'
import { lockedByOther, markRefused, placeRefused } from './link-faults.ts'
import { linksOf, platformOf } from './link-parts.ts'
import { realPathOf } from './local-folder.ts'

export type NewLink = {
  /** Absolute, without symbolic links; it exists. */
  root: string
  /** `null`: the folder of the same name in the person's own space. */
  place: RemotePath | null
  /** Whatever mark it carries: it is linked as if it were new. */
  anew: boolean
  up: number | null
  down: number | null
}

/**
 * Ties a folder here to one on the server. The mark is put into the folder before the link is noted: a link without its mark would look like a
 * drive that is not there.
 */
export async function makeLink(connection: Connection, world: World, wanted: NewLink): Promise<Link> {
  const { root, anew } = wanted
  const links = linksOf(world)
  await requireFree(world, root, await links.list())
  const marker = readMarker(openRoot(root))
  if ('id' in marker) {
    if (!anew) throw markRefused(root, (await links.find(marker.id)) ?? null)
    requireUnlocked(root)
  }
  const disk = openDisk(root)
  try {
    const { space, node, place } = await openPlace(connection.api, wanted)
    const label = labelOf(world.hostName, root, platformOf(world))
    const device = await registerDevice(connection.api, null, label)
    const link: Link = {
      id: uuidV7(world.now(), world.random(10)),
      root,
      server: connection.server,
      profile: connection.profile,
      space: space.id,
      node: node.id,
      place,
      device,
      up: wanted.up,
      down: wanted.down,
      paused: false,
      unselected: [],
      createdAt: world.now(),
    }
    await links.update(async (present) => {
      await requireFree(world, root, present)
      await disk.writeMarker(link.id)
      return [...present, link]
    })
    return link
  } finally {
    disk.close()
  }
}

async function requireFree(world: World, root: string, links: readonly Link[]): Promise<void> {
  const own = [configFolder(world.env, world.platform), stateFolder(world.env, world.platform)]
  const [home = '', ...ours] = await Promise.all([world.home, ...own].map(realPathOf))
  const fault = findPlaceFault(root, { links, home, own: ours })
  if (fault !== null) throw placeRefused(root, fault)
}

function requireUnlocked(root: string): void {
  try {
    lockRoot(root).release()
  } catch (error) {
    if (error instanceof AppError && error.code === 'busy') throw lockedByOther(root, error.message)
    throw error
  }
}

type Place = { space: Space; node: NodeStateWire; place: string }

async function openPlace(api: Api, { root, place }: NewLink): Promise<Place> {
  const path = place ?? parseRemotePathInSpace(`home/${basename(root)}`)
  const { space, node, deepest, rest } = await resolvePath(api, path)
  const shown = formatRemotePath(path.segments)
  if (node !== null && node.kind !== 'folder')
    throw new AppError('not-a-folder', { detail: `${shown} is a ${node.kind}` })
  if (node !== null) {
    if (place === null) await requireEmpty(api, node, shown, root)
    return { space, node, place: shown }
  }
  if (deepest.kind !== 'folder') throw new AppError('not-a-folder', { detail: `${deepest.name} is a ${deepest.kind}` })
  const made = (await createFolderChain(api, deepest.id, rest)).at(-1) ?? deepest
  return { space, node: made, place: shown }
}

/** Nobody has named it: then what is in it must not come here by surprise. */
async function requireEmpty(api: Api, node: NodeStateWire, shown: string, root: string): Promise<void> {
  const { children } = await api.childrenPage(node.id, { limit: 1 })
  if (children.length === 0) return
  throw new CliError({
    code: 'name-taken',
    exit: EXIT.failed,
    message: `${shown} is there already, with something in it`,
    next: `If the two belong together: bitvault sync ${quoteForShell(root)} ${quoteForShell(shown)}`,
  })
}
