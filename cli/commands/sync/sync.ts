import { resolve } from 'node:path'
import { LinkHost } from '../../../client/node/sync/host/link-host.ts'
import { openDaemonControl } from '../../../client/node/sync/control/daemon-control.ts'
import { openLinkControl } from '../../../client/node/sync/control/link-control.ts'
import { daemonNote } from '../../../client/node/sync/host/daemon.ts'
import { linkFolder } from '../../../client/node/sync/links/link-folder.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import { keepHeapSmall } from '../../../client/node/small-heap.ts'
import { AppError } from '../../../core/errors.ts'
import type { Call } from '../../command.ts'
import { connect } from '../../connection.ts'
import type { ExitCode } from '../../exit-codes.ts'
import { resolvePath } from '../../remote.ts'
import { parseRemotePathInSpace, type RemotePath } from '../../remote-path.ts'
import { sayTo, type Say } from '../../say.ts'
import { followLink } from '../../sync/follow-link.ts'
import { linksOf, sharedParts, stateOf } from '../../sync/link-parts.ts'
import { otherSource, ownSource } from '../../sync/link-source.ts'
import { findLocalFolder, makeLocalFolder, noLocalFolder } from '../../sync/local-folder.ts'
import { makeLink } from '../../sync/make-link.ts'
import { parseRate } from '../../text/rate.ts'
import type { World } from '../../world.ts'

type SyncOptions = {
  once: boolean
  background: boolean
  anew: boolean
  moved: boolean
  'limit-up': string | undefined
  'limit-down': string | undefined
}

/** Links a folder, if it is new, and keeps it in step; here, or wherever that is done already. */
export async function sync(call: Call<SyncOptions>, world: World): Promise<ExitCode> {
  keepHeapSmall()
  const say = sayTo(world, call.options)
  const link = await openLink(call, world, say)
  return work(link, world, say, call.options)
}

async function openLink({ args, options }: Call<SyncOptions>, world: World, say: Say): Promise<Link> {
  const [given = '', placeText] = args
  const place = placeText === undefined ? null : parseRemotePathInSpace(placeText)
  const limits = {
    up: options['limit-up'] === undefined ? undefined : parseRate(options['limit-up'], '--limit-up'),
    down: options['limit-down'] === undefined ? undefined : parseRate(options['limit-down'], '--limit-down'),
  }
  const links = linksOf(world)
  const found = await findLocalFolder(world, given)
  const known = (await links.list()).find(({ root }) => root === (found ?? resolve(world.cwd, given)))
  if (known) {
    const { up = known.up, down = known.down } = limits
    return (await links.updateOne(known.id, (link) => ({ ...link, up, down }))) ?? known
  }
  const connection = await connect(options, world)
  const root = found ?? (await makeFor(connection, world, given, place))
  const link = await makeLink(connection, world, {
    root,
    place,
    anew: options.anew,
    up: limits.up ?? null,
    down: limits.down ?? null,
  })
  await say.json({ event: 'linked', link })
  await say.done(`Linked ${say.name(link.root)} to ${say.name(link.place)}.`)
  return link
}

/** A folder is made for what is on the server already: then nobody has mistyped its name. */
async function makeFor(
  { api }: Awaited<ReturnType<typeof connect>>,
  world: World,
  given: string,
  place: RemotePath | null,
): Promise<string> {
  if (place === null || (await resolvePath(api, place)).node === null) throw noLocalFolder(given)
  return makeLocalFolder(world, given)
}

async function work(link: Link, world: World, say: Say, { once }: SyncOptions): Promise<ExitCode> {
  const state = stateOf(world)
  await (await openDaemonControl(daemonNote(state)))?.reload()
  const control = await openLinkControl(linkFolder(link.id, state).control)
  if (control !== null) return followLink(otherSource(control), world, say, { once })
  const host = openHost(link, world)
  const ended = host.run()
  try {
    return await followLink(ownSource(host, ended), world, say, { once })
  } finally {
    host.stop()
    await ended
  }
}

function openHost(link: Link, world: World): LinkHost {
  const { signInOf, ...shared } = sharedParts(world, 'foreground')
  try {
    return new LinkHost({ ...shared, link, signIn: signInOf(link) })
  } catch (error) {
    if (error instanceof AppError && error.code === 'busy') throw error
    throw error
  }
}
