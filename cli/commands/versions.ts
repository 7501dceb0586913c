import { basename, resolve } from 'node:path'
import type { Api } from '../../client/api.ts'
import { namespaceOf } from '../../client/namespace.ts'
import { nodeFileTarget } from '../../client/node/file-target.ts'
import { downloadFile } from '../../client/transfer/download.ts'
import { AppError } from '../../core/errors.ts'
import { splitExtension } from '../../core/names.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { VersionWire } from '../../protocol/mutations.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { lookUp, settledOf } from '../remote.ts'
import { formatRemotePath, parseRemotePathBelowSpace, type RemotePath } from '../remote-path.ts'
import type { Say } from '../say.ts'
import { quoteForShell } from '../text/quote.ts'
import { headedTable } from '../text/headed.ts'
import { formatBytes, formatTime } from '../text/quantity.ts'
import type { World } from '../world.ts'
import { isSameContent, localPath } from './local-place.ts'
import { stat } from 'node:fs/promises'

export async function versions(call: Call, world: World): Promise<ExitCode> {
  const path = parseRemotePathBelowSpace(call.args[0] ?? '')
  return withConnection('versions', call, world, async ({ api }, say) => {
    const node = await lookUpVersioned(api, path)
    const rows: string[][] = []
    for await (const version of namespaceOf(api).versions(node.id)) {
      await say.json({ present: version.revision === node.contentRevision, ...version })
      rows.push(rowOf(version, node, say))
    }
    await say.lines(headedTable(world, say, COLUMNS, rows))
    return EXIT.ok
  })
}

const COLUMNS = [
  ['', 'left'],
  ['', 'left'],
  ['written', 'left'],
  ['size', 'right'],
  ['on', 'left'],
  ['label', 'left'],
] as const

function rowOf(version: VersionWire, node: NodeStateWire, say: Say): string[] {
  const { revision, createdAt, size, device, label } = version
  const isPresent = revision === node.contentRevision
  return [
    isPresent ? say.paint('green', '●') : ' ',
    isPresent ? say.paint('bold', `v${revision}`) : `v${revision}`,
    formatTime(createdAt),
    formatBytes(size ?? 0),
    say.name(device),
    label === null ? '' : say.paint('yellow', say.name(label)),
  ]
}

/** Throws `not-a-file` for a folder. */
async function lookUpVersioned(api: Api, path: RemotePath): Promise<NodeStateWire> {
  const node = await lookUp(api, path)
  if (node.kind !== 'folder') return node
  throw new AppError('not-a-file', { detail: `${formatRemotePath(path.segments)} is a folder, and has no versions` })
}

/** `3`, or `v3` as the list shows it. Throws a usage error. */
function parseRevision(text: string): number {
  const found = /^v?([1-9]\d{0,9})$/.exec(text)
  if (found === null) throw usageError(`a version is named by its number, such as 3 or v3, not “${text}”`)
  return Number(found[1])
}

/** Before anything is asked of the server. */
const parseCall = ({ args }: Call): { path: RemotePath; revision: number } => ({
  path: parseRemotePathBelowSpace(args[0] ?? ''),
  revision: parseRevision(args[1] ?? ''),
})

export async function versionsRestore(call: Call, world: World): Promise<ExitCode> {
  const { path, revision } = parseCall(call)
  return withConnection('versions-restore', call, world, async ({ api }, say) => {
    const node = await lookUpVersioned(api, path)
    const restored = settledOf(
      await namespaceOf(api)
        .restoreVersion(node.id, revision, node.contentRevision)
        .catch(noVersion(formatRemotePath(path.segments), revision)),
    )
    const shown = formatRemotePath(path.segments)
    await say.json({ path: shown, ...restored.node })
    const { contentRevision } = restored.node
    await say.done(
      contentRevision === node.contentRevision
        ? `${say.name(shown)} is v${revision} already`
        : `${say.name(shown)} is as v${revision} again, which makes it v${contentRevision}`,
    )
    return EXIT.ok
  })
}

export async function versionsLabel(call: Call<{ remove: boolean }>, world: World): Promise<ExitCode> {
  const { path, revision } = parseCall(call)
  const text = call.args[2]
  if ((text === undefined) !== call.options.remove)
    throw usageError('give a text, or --remove to take the label away: bitvault versions label home/a.txt 3 final')
  return withConnection('versions-label', call, world, async ({ api }, say) => {
    const node = await lookUpVersioned(api, path)
    settledOf(
      await namespaceOf(api)
        .labelVersion(node.id, revision, text ?? null)
        .catch(noVersion(formatRemotePath(path.segments), revision)),
    )
    const shown = formatRemotePath(path.segments)
    await say.json({ path: shown, revision, label: text ?? null })
    const what = `v${revision} of ${say.name(shown)}`
    await say.done(text === undefined ? `${what} has no label now` : `${what} is kept as “${say.name(text)}”`)
    return EXIT.ok
  })
}

type GetOptions = { output: string | undefined; force: boolean }

export async function versionsGet(call: Call<GetOptions>, world: World): Promise<ExitCode> {
  const { path, revision } = parseCall(call)
  return withConnection('versions-get', call, world, async ({ api, patientApi }, say) => {
    const node = await lookUp(api, path)
    if (node.kind !== 'file') throw new AppError('not-a-file', { detail: formatRemotePath(path.segments) })
    const version = await findVersion(api, node, { path, revision })
    const [stem, extension] = splitExtension(node.name)
    const to = await placeFor(world, call.options.output, `${stem} (v${revision})${extension}`)
    const present = await isSameContent(to, version)
    if (present === 'different' && !call.options.force) throw localExists(to)
    if (present !== 'same')
      await downloadFile(patientApi, node.id, { target: nodeFileTarget(to), revision, signal: world.signal })
    await say.json({ path: to, outcome: present === 'same' ? 'unchanged' : 'fetched', version })
    await say.done(
      `${say.name(basename(to))}: ${formatBytes(version.size ?? 0)}${present === 'same' ? ', unchanged' : ''}`,
    )
    return EXIT.ok
  })
}

async function findVersion(api: Api, node: NodeStateWire, { path, revision }: { path: RemotePath; revision: number }) {
  for await (const version of namespaceOf(api).versions(node.id)) if (version.revision === revision) return version
  throw noSuchVersion(formatRemotePath(path.segments), revision)
}

const noSuchVersion = (shown: string, revision: number): CliError =>
  new CliError({
    code: 'not-found',
    exit: EXIT.notFound,
    message: `${shown} has no v${revision}, or it has expired`,
    next: `Look with: bitvault versions ${quoteForShell(shown)}`,
  })

/** The node was found, so it is the version that is missing. */
export const noVersion =
  (shown: string, revision: number) =>
  (error: unknown): never => {
    throw error instanceof AppError && error.code === 'not-found' ? noSuchVersion(shown, revision) : error
  }

/** In a folder that is named, or under the name that is given. */
export async function placeFor(world: World, output: string | undefined, name: string): Promise<string> {
  if (output === undefined) return localPath(world.cwd, [name])
  const path = resolve(world.cwd, output)
  const found = await stat(path).catch(() => null)
  return found?.isDirectory() || /[/\\]$/.test(output) ? localPath(path, [name]) : path
}

export const localExists = (path: string): CliError =>
  new CliError({
    code: 'local-exists',
    exit: EXIT.failed,
    message: `another file is there and was left alone: ${path}`,
    next: '--force replaces it.',
  })
