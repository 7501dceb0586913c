import { basename, dirname, resolve } from 'node:path'
import { stat } from 'node:fs/promises'
import { downloadFile } from '../../client/transfer/download.ts'
import { nodeFileTarget } from '../../client/node/file-target.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection, type Connection } from '../connection.ts'
import type { ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { showProgress } from '../progress/display.ts'
import { lookUp } from '../remote.ts'
import { formatRemotePath, parseRemotePathInSpace, type RemotePath } from '../remote-path.ts'
import type { World } from '../world.ts'
import { createGetReport, type GetOutcome, type GetReport } from './get-report.ts'
import { placeLink, pointsInside, presentLink } from './local-link.ts'
import { isSameContent, localPath, makeLocalFolder } from './local-place.ts'
import { eachAtOnce } from './each-at-once.ts'
import { walkRemote, type RemoteEntry } from './walk-remote.ts'

type GetOptions = { recursive: boolean; force: boolean }

/** Files at once: enough to hide the round trips of small ones; a large one fetches its chunks in parallel by itself. */
const FILES_AT_ONCE = 8

export async function get(call: Call<GetOptions>, world: World): Promise<ExitCode> {
  const [remote, local] = splitArguments(call.args)
  const wanted = remote.map(parseWanted)
  return withConnection('get', call, world, async (connection, say) => {
    const roots = await findRoots(connection, wanted, call.options.recursive)
    const hasFolder = roots.length !== 1 || roots[0]?.node.kind === 'folder'
    const place = await openPlace(resolve(world.cwd, local), { mustBeFolder: hasFolder || /[/\\]$/.test(local) })
    const display = showProgress(world, say, 'received')
    const report = createGetReport(world, say, display)
    const job: Job = { connection, world, report, force: call.options.force }
    try {
      await eachAtOnce(entriesOf(connection, roots, place, report), FILES_AT_ONCE, (entry) => take(job, entry))
    } finally {
      await display.close()
    }
    return report.finish()
  })
}

/** The last of several is the destination; a single one goes to the current folder. */
const splitArguments = (args: readonly string[]): [remote: string[], local: string] =>
  args.length === 1 ? [[...args], '.'] : [args.slice(0, -1), args.at(-1) ?? '.']

/** `contents`: what is in the folder, without the folder. */
type Wanted = { path: RemotePath; contents: boolean }

function parseWanted(text: string): Wanted {
  const contents = text.endsWith('/.')
  return { path: parseRemotePathInSpace(contents ? text.slice(0, -1) : text), contents }
}

/** `parts`: where it lies in the destination; none = its contents lie there. */
type Root = { node: NodeStateWire; parts: readonly string[] }

async function findRoots({ api }: Connection, wanted: readonly Wanted[], recursive: boolean): Promise<Root[]> {
  const roots: Root[] = []
  for (const { path, contents } of wanted) {
    const node = await lookUp(api, path)
    const shown = formatRemotePath(path.segments)
    if (node.kind === 'folder' && !recursive)
      throw usageError(`${shown} is a folder: add -r to get it with all that is in it`)
    // Called as it was named: the root of a space is called after the space.
    roots.push({ node, parts: contents ? [] : [path.segments.at(-1) ?? node.name] })
  }
  return roots
}

/** `as: null`: each keeps its name inside `folder`. */
type Place = { folder: string; as: string | null }

/** A folder always goes into the place, so that the same command does the same the second time. */
async function openPlace(path: string, { mustBeFolder }: { mustBeFolder: boolean }): Promise<Place> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (found?.isDirectory() || (found === null && mustBeFolder)) return { folder: path, as: null }
  if (mustBeFolder) throw usageError(`${path} is a file, and a folder or several things cannot go into it`)
  return { folder: dirname(path), as: basename(path) }
}

/** `within`: what is fetched together; links in it lead to nowhere else. */
type LocalEntry = RemoteEntry & { path: string; within: string }

/** Folders are made as they are met, parents first; files go on to be fetched. */
async function* entriesOf(
  { api }: Connection,
  roots: readonly Root[],
  place: Place,
  report: GetReport,
): AsyncIterable<LocalEntry> {
  await makeLocalFolder(place.folder, { parents: true })
  for (const root of roots) {
    const parts = place.as === null ? root.parts : [place.as]
    const within = localPath(place.folder, root.node.kind === 'folder' ? parts : [])
    for await (const entry of walkRemote(api, root.node, parts)) {
      const path = localPath(place.folder, entry.parts)
      if (entry.node.kind === 'folder') await makeLocalFolder(path, { parents: entry.parts.length === 0 })
      else {
        report.found(entry.node)
        yield { ...entry, path, within }
      }
    }
  }
  report.allFound()
}

type Job = { connection: Connection; world: World; report: GetReport; force: boolean }

async function take(job: Job, entry: LocalEntry): Promise<void> {
  const { connection, world, report, force } = job
  const { node, path } = entry
  try {
    if (node.kind === 'symlink') return await report.settled(node, path, await takeLink(entry, force))
    const present = await isSameContent(path, node)
    if (present === 'same') return await report.settled(node, path, { is: 'unchanged' })
    if (present === 'different' && !force) return await report.settled(node, path, { is: 'kept' })
    await downloadFile(connection.patientApi, node.id, {
      target: nodeFileTarget(path),
      signal: world.signal,
      onProgress: (progress) => report.progress(node, path, progress),
    })
    await report.settled(node, path, { is: 'fetched' })
  } catch (error) {
    world.signal.throwIfAborted()
    await report.settled(node, path, { is: 'failed', error })
  }
}

async function takeLink({ node, path, within }: LocalEntry, force: boolean): Promise<GetOutcome> {
  const target = node.linkTarget ?? ''
  const present = await presentLink(path, target)
  if (present === 'same') return { is: 'unchanged' }
  if (!pointsInside(within, path, target)) return { is: 'left', target }
  if (present === 'different' && !force) return { is: 'kept' }
  await placeLink(path, target)
  return { is: 'fetched' }
}
