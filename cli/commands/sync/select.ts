import type { Api } from '../../../client/api.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import { nameKey } from '../../../core/names.ts'
import { AppError } from '../../../core/errors.ts'
import type { NodeStateWire } from '../../../protocol/files.ts'
import type { Call, GlobalOptions } from '../../command.ts'
import { connect } from '../../connection.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError, usageError } from '../../failure.ts'
import { lookUp } from '../../remote.ts'
import { formatRemotePath, parseRemotePathInSpace } from '../../remote-path.ts'
import { sayTo } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import { linksOf } from '../../sync/link-parts.ts'
import { linkedPathOf, placeOfLink } from '../../sync/linked-path.ts'
import { tellChanged } from '../../sync/running.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import type { World } from '../../world.ts'

/** A folder on the server that lies below that of a link. `name`: from there on. */
type Chosen = { link: Link; node: NodeStateWire; above: readonly string[]; name: string }

/** Selective sync: what is not selected stays on the server alone. Without a path: what that is. */
export const syncUnselect = (call: Call, world: World): Promise<ExitCode> =>
  call.args[0] === undefined ? list(call, world) : unselect(call, call.args[0], world)

export const syncSelect = (call: Call, world: World): Promise<ExitCode> =>
  call.args[0] === undefined ? list(call, world) : select(call, call.args[0], world)

async function list({ options }: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, options)
  const links = (await chooseLinks(world, undefined)).filter(({ unselected }) => unselected.length > 0)
  for (const { id, root, place, unselected } of links) {
    await say.json({ id, root, place, unselected })
    await say.lines([
      say.paint('bold', `${say.name(shownFolder(root, world.home))} ⇄ ${say.name(place)}`),
      ...unselected.map(({ name }) => `  not selected  ${say.name(name)}/`),
    ])
  }
  if (links.length === 0) await say.done('Everything is selected.')
  return EXIT.ok
}

async function unselect({ options }: Call, given: string, world: World): Promise<ExitCode> {
  const say = sayTo(world, options)
  const { link, node, above, name } = await choose(options, given, world)
  const ids = new Set(link.unselected.map(({ id }) => id))
  const held = above.find((id) => ids.has(id))
  if (held !== undefined) throw insideUnselected(link, held, name)
  const isNew = !ids.has(node.id)
  if (isNew) await decide(world, link, [...link.unselected, { id: node.id, name }])
  await say.json({ id: link.id, root: link.root, node: node.id, name, selected: false, changed: isNew })
  if (!isNew) await say.done(`${say.name(name)} is not selected already.`)
  else {
    await say.done(`${say.name(name)} leaves ${say.name(shownFolder(link.root, world.home))}, and stays on the server.`)
    await say.note('What was not sent from there yet is sent first. Back again: bitvault sync select')
  }
  return EXIT.ok
}

async function select({ options }: Call, given: string, world: World): Promise<ExitCode> {
  const say = sayTo(world, options)
  const kept = await findKept(given, world)
  const { link, id, name } = kept ?? (await chooseUnselected(options, given, world))
  const left = link.unselected.filter((one) => one.id !== id)
  if (left.length < link.unselected.length) await decide(world, link, left)
  await say.json({
    id: link.id,
    root: link.root,
    node: id,
    name,
    selected: true,
    changed: left.length < link.unselected.length,
  })
  await say.done(
    left.length < link.unselected.length
      ? `${say.name(name)} comes to ${say.name(shownFolder(link.root, world.home))} again.`
      : `${say.name(name)} is selected already.`,
  )
  const inside = left.filter((one) => one.name.startsWith(`${name}/`))
  for (const one of inside) await say.note(`${say.nameInNote(one.name)} in it stays not selected.`)
  return EXIT.ok
}

async function decide(world: World, link: Link, unselected: Link['unselected']): Promise<void> {
  await linksOf(world).updateOne(link.id, (one) => ({ ...one, unselected }))
  await tellChanged(world, link)
}

type Kept = { link: Link; id: string; name: string }

/** By the name that it had when it was unselected: it may be gone by now, or the server out of reach. */
async function findKept(given: string, world: World): Promise<Kept | null> {
  const here = await linkedPathOf(world, given)
  const links = here === null ? await linksOf(world).list() : [here.link]
  const found: Kept[] = []
  for (const link of links) {
    const wanted = here === null ? below(link.place, given) : here.names.join('/')
    for (const { id, name } of link.unselected)
      if (wanted !== null && nameKey(name) === nameKey(wanted)) found.push({ link, id, name })
  }
  if (found.length > 1)
    throw several(
      found.map(({ link }) => link),
      world,
    )
  return found[0] ?? null
}

/** `home/photos`, `home/photos/raw` → `raw`. */
function below(place: string, given: string): string | null {
  const [wanted, above] = [given, place].map((path) =>
    path
      .split('/')
      .filter((name) => name !== '')
      .join('/'),
  )
  return wanted?.startsWith(`${above}/`) ? wanted.slice((above?.length ?? 0) + 1) : null
}

async function chooseUnselected(options: GlobalOptions, given: string, world: World): Promise<Kept> {
  const { link, node, above, name } = await choose(options, given, world)
  const ids = new Set(link.unselected.map(({ id }) => id))
  const held = above.find((id) => ids.has(id))
  if (held !== undefined) throw insideUnselected(link, held, name)
  return { link, id: node.id, name }
}

/** Asks the server: what is on this computer only cannot be chosen. */
async function choose(options: GlobalOptions, given: string, world: World): Promise<Chosen> {
  const here = await linkedPathOf(world, given)
  const server = options.server ?? here?.link.server
  const { api, server: asked } = await connect({ ...options, ...(server !== undefined && { server }) }, world)
  const links = here === null ? (await linksOf(world).list()).filter((link) => link.server === asked) : [here.link]
  const segments =
    here === null ? parseRemotePathInSpace(given).segments : [...(await placeOfLink(api, here.link)), ...here.names]
  const node = await lookUp(api, { segments, isFolder: false })
  if (node.kind !== 'folder') throw usageError(`${formatRemotePath(segments)} is a ${node.kind}: folders are selected`)
  const above = await foldersAbove(api, node)
  const ids = [node.id, ...above]
  const found = links.filter((link) => ids.includes(link.node))
  const [link] = found
  if (found.length > 1) throw several(found, world)
  if (link === undefined) throw notLinked(formatRemotePath(segments))
  if (link.node === node.id)
    throw usageError(`${formatRemotePath(segments)} is the linked folder itself: bitvault sync unlink ends that`)
  const depth = ids.indexOf(link.node)
  return { link, node, above: above.slice(0, depth - 1), name: segments.slice(-depth).join('/') }
}

/** The nearest first. */
async function foldersAbove(api: Api, node: NodeStateWire): Promise<string[]> {
  const ids: string[] = []
  for (let at: NodeStateWire | null = node; at?.parentId;) {
    ids.push(at.parentId)
    at = await api.stat(at.parentId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'not-found') return null
      throw error
    })
  }
  return ids
}

const notLinked = (place: string): CliError =>
  new CliError({
    code: 'not-linked',
    exit: EXIT.notFound,
    message: `${place} does not lie in a folder that is linked here`,
    next: 'bitvault sync status lists those that are.',
  })

const several = (links: readonly Link[], world: World): CliError =>
  usageError(
    `it is in several linked folders; name it by its path here, in one of ${links.map(({ root }) => shownFolder(root, world.home)).join(', ')}`,
  )

function insideUnselected({ unselected }: Link, id: string, name: string): CliError {
  const whole = unselected.find((one) => one.id === id)?.name ?? ''
  return new CliError({
    code: 'inside-unselected',
    exit: EXIT.failed,
    message: `${name} lies in ${whole}, which is not selected as a whole`,
    next: `Select that: bitvault sync select …/${whole}`,
  })
}
