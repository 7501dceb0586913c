import type { Api } from '../../client/api.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { lookUp } from '../remote.ts'
import { formatRemotePath, parseRemotePath } from '../remote-path.ts'
import type { Say } from '../say.ts'
import { formatBytes, formatTime } from '../text/quantity.ts'
import { alignColumns, flowColumns } from '../text/table.ts'
import type { World } from '../world.ts'
import { spaceLines } from './spaces.ts'

type LsOptions = { long: boolean; recursive: boolean }
type Listing = { api: Api; say: Say; long: boolean; world: World }

/** Lists page by page, so that a folder of a million shows its first names at once and is never held whole. */
export async function ls(call: Call<LsOptions>, world: World): Promise<ExitCode> {
  const path = parseRemotePath(call.args[0] ?? '')
  return withConnection('ls', call, world, async ({ api }, say) => {
    const listing: Listing = { api, say, long: call.options.long, world }
    if (path.segments.length === 0) await listSpaces(listing)
    else {
      const node = await lookUp(api, path)
      if (node.kind !== 'folder') await showNodes(listing, [node], path.segments.slice(0, -1))
      else if (call.options.recursive) await listTree(listing, node.id, path.segments)
      else await listFolder(listing, node.id, path.segments)
    }
    return EXIT.ok
  })
}

async function listSpaces({ api, say, long }: Listing): Promise<void> {
  const spaces = await api.spaces()
  for (const space of spaces) await say.json({ path: space.name, space })
  await say.lines(long ? spaceLines(spaces, say) : spaces.map((space) => say.paint('blue', `${say.name(space.name)}/`)))
}

/** @returns the folders that it saw */
async function listFolder(listing: Listing, folderId: string, path: readonly string[]): Promise<NodeStateWire[]> {
  const folders: NodeStateWire[] = []
  let after: string | null = null
  do {
    const page = await listing.api.childrenPage(folderId, after === null ? {} : { after })
    await showNodes(listing, page.children, path)
    folders.push(...page.children.filter((node) => node.kind === 'folder'))
    after = page.next
  } while (after !== null)
  return folders
}

async function listTree(listing: Listing, folderId: string, path: readonly string[]): Promise<void> {
  const open: { id: string; path: readonly string[] }[] = [{ id: folderId, path }]
  for (let folder = open.pop(), first = true; folder !== undefined; folder = open.pop(), first = false) {
    const at = folder
    const title = listing.say.name(formatRemotePath(at.path))
    await listing.say.lines([...(first ? [] : ['']), `${title}:`])
    const below = await listFolder(listing, at.id, at.path)
    // Last in, first out: turned round, so that they come in the order of their names.
    open.push(...below.toReversed().map((node) => ({ id: node.id, path: [...at.path, node.name] })))
  }
}

async function showNodes({ say, long, world }: Listing, nodes: readonly NodeStateWire[], path: readonly string[]) {
  if (say.isJson) {
    for (const node of nodes) await say.json({ path: formatRemotePath([...path, node.name]), ...node })
    return
  }
  const names = nodes.map((node) => shownName(node, say, long))
  if (long) await say.lines(longLines(nodes, names))
  else await say.lines(world.stdout.isTerminal ? flowColumns(names, world.stdout.columns) : names)
}

function shownName(node: NodeStateWire, say: Say, long: boolean): string {
  const name = say.name(node.name)
  if (node.kind === 'symlink') return say.paint('cyan', name) + (long ? ` -> ${say.name(node.linkTarget ?? '')}` : '')
  if (node.kind === 'folder') return `${say.paint('blue', name)}/`
  return node.executable ? say.paint('green', name) : name
}

const longLines = (nodes: readonly NodeStateWire[], names: readonly string[]): string[] =>
  alignColumns(
    nodes.map((node, at) => [
      node.kind === 'file' ? formatBytes(node.size ?? 0) : node.kind === 'folder' ? '–' : 'link',
      formatTime(modifiedMs(node)),
      node.kind === 'folder' ? '' : `v${node.contentRevision}`,
      names[at] ?? '',
    ]),
    ['right', 'left', 'left', 'left'],
  )

/** When the content changed, as the file's owner saw it. */
export const modifiedMs = (node: NodeStateWire): number =>
  node.mtimeNs === null ? node.changedAt : Number(BigInt(node.mtimeNs) / 1_000_000n)
