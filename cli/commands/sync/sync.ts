import { resolve } from 'node:path'
import { LinkHost } from '../../../client/node/sync/host/link-host.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import { keepHeapSmall } from '../../../client/node/small-heap.ts'
import { AppError } from '../../../core/errors.ts'
import type { Call } from '../../command.ts'
import { connect } from '../../connection.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError, usageError } from '../../failure.ts'
import { resolvePath } from '../../remote.ts'
import { formatRemotePath, parseRemotePathInSpace, type RemotePath } from '../../remote-path.ts'
import { sayTo, type Say } from '../../say.ts'
import { followLink } from '../../sync/follow-link.ts'
import { linksOf, sharedParts } from '../../sync/link-parts.ts'
import { otherSource, ownSource } from '../../sync/link-source.ts'
import { findLocalFolder, makeLocalFolder, noLocalFolder } from '../../sync/local-folder.ts'
import { makeLink } from '../../sync/make-link.ts'
import { moveLink } from '../../sync/move-link.ts'
import { controlOf, daemonOf } from '../../sync/running.ts'
import { ensureDaemon } from '../../sync/start-daemon.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
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

const BEGIN_MS = 5_000
const LOOK_MS = 50
const ENDED = 'It goes on with the next bitvault sync; --background keeps it in step without this window.'

/** Links a folder, if it is new, and keeps it in step; here, or wherever that is done already. */
export async function sync(call: Call<SyncOptions>, world: World): Promise<ExitCode> {
  const { once, background, anew, moved } = call.options
  if (once && background) throw usageError('--once and --background cannot both be: choose one')
  if (anew && moved) throw usageError('--anew and --moved cannot both be: choose one')
  keepHeapSmall()
  const say = sayTo(world, call.options)
  const link = await openLink(call, world, say)
  return background ? handOver(link, world, say) : workOn(link, world, say, { once })
}

async function openLink(call: Call<SyncOptions>, world: World, say: Say): Promise<Link> {
  const [given = '', placeText] = call.args
  const { options } = call
  const place = placeText === undefined ? null : parseRemotePathInSpace(placeText)
  const limits = {
    ...(options['limit-up'] !== undefined && { up: parseRate(options['limit-up'], '--limit-up') }),
    ...(options['limit-down'] !== undefined && { down: parseRate(options['limit-down'], '--limit-down') }),
  }
  const found = await findLocalFolder(world, given)
  if (call.options.moved) await moveLink(world, found ?? resolve(world.cwd, given), say)
  const links = linksOf(world)
  const known = (await links.list()).find(({ root }) => root === (found ?? resolve(world.cwd, given)))
  if (known === undefined) return linkNew(call, world, say, { given, found, place, limits })
  if (place !== null) await requireSamePlace(call, world, known, place)
  return (await links.updateOne(known.id, (link) => ({ ...link, ...limits }))) ?? known
}

type Wanted = {
  given: string
  found: string | null
  place: RemotePath | null
  limits: { up?: number | null; down?: number | null }
}

async function linkNew(
  { options }: Call<SyncOptions>,
  world: World,
  say: Say,
  { given, found, place, limits }: Wanted,
): Promise<Link> {
  // A folder is made for what is on the server already: then nobody has mistyped its name.
  if (found === null && place === null) throw noLocalFolder(given)
  const connection = await connect(options, world)
  if (found === null && place !== null && (await resolvePath(connection.api, place)).node === null)
    throw noLocalFolder(given)
  const root = found ?? (await makeLocalFolder(world, given))
  const link = await makeLink(connection, world, { root, place, anew: options.anew, up: null, down: null, ...limits })
  await say.json({ event: 'linked', link })
  await say.done(`Linked ${say.name(shownFolder(link.root, world.home))} to ${say.name(link.place)}.`)
  return link
}

/** @throws CliError `already-linked` */
async function requireSamePlace(
  { options }: Call<SyncOptions>,
  world: World,
  link: Link,
  place: RemotePath,
): Promise<void> {
  const shown = formatRemotePath(place.segments)
  if (shown === link.place) return
  const { api } = await connect({ ...options, server: options.server ?? link.server }, world)
  if ((await resolvePath(api, place)).node?.id === link.node) return
  throw new CliError({
    code: 'already-linked',
    exit: EXIT.failed,
    message: `${link.root} is linked to ${link.place}, not to ${shown}`,
    next: `First, if you want that: bitvault sync unlink ${link.root}`,
  })
}

/** Whoever works on it shall know what has changed about it: then it is found there. */
async function workOn(link: Link, world: World, say: Say, { once }: { once: boolean }): Promise<ExitCode> {
  await (await daemonOf(world))?.reload()
  const attached = await attach(link, world, say, { once })
  if (attached !== null) return attached
  const { signInOf, ...shared } = sharedParts(world, 'foreground')
  let host: LinkHost
  try {
    host = new LinkHost({ ...shared, link, signIn: signInOf(link) })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'busy') throw error
    return attachSoon(link, world, say, { once, error })
  }
  const ended = host.run()
  try {
    const exit = await followLink(ownSource(host, ended), world, say, { once })
    if (exit === EXIT.interrupted) await say.note(say.paintNote('dim', ENDED))
    return exit
  } finally {
    host.stop()
    await ended
  }
}

/** Another one was faster, and is only just beginning. @throws `error` when it does not begin */
async function attachSoon(
  link: Link,
  world: World,
  say: Say,
  { once, error }: { once: boolean; error: AppError },
): Promise<ExitCode> {
  for (const until = world.now() + BEGIN_MS; world.now() < until;) {
    const attached = await attach(link, world, say, { once })
    if (attached !== null) return attached
    await world.sleep(LOOK_MS, world.signal)
  }
  throw error
}

/** `null`: nobody works on it. */
async function attach(link: Link, world: World, say: Say, { once }: { once: boolean }): Promise<ExitCode | null> {
  const control = await controlOf(world, link)
  if (control === null) return null
  await control.reload()
  const { process } = await control.status()
  const who = process?.kind === 'background' ? 'The background process' : 'Another bitvault sync'
  await say.note(say.paintNote('dim', `${who} works on it (process ${process?.pid}); Ctrl-C ends only this view.`))
  return followLink(otherSource(control), world, say, { once })
}

async function handOver(link: Link, world: World, say: Say): Promise<ExitCode> {
  const daemon = await ensureDaemon(world)
  await daemon.reload()
  const { process, links } = await daemon.status()
  const mine = links.find(({ id }) => id === link.id)
  if (mine?.is === 'failed')
    throw new CliError({ code: 'not-running', exit: EXIT.failed, message: mine.detail ?? 'it cannot be worked on' })
  await say.json({ event: 'background', link, pid: process.pid, is: mine?.is ?? 'working' })
  const folder = say.name(shownFolder(link.root, world.home))
  await say.done(
    mine?.is === 'held'
      ? `${folder} is worked on by another process now; the background process takes it over when that ends.`
      : `${folder} is kept in step in the background (process ${process.pid}).`,
  )
  await say.note(say.paintNote('dim', 'How it fares: bitvault sync status'))
  return EXIT.ok
}
