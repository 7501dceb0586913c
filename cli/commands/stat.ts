import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { lookUp } from '../remote.ts'
import { formatRemotePath, parseRemotePathInSpace } from '../remote-path.ts'
import type { Say } from '../say.ts'
import { formatBytes, formatTime } from '../text/quantity.ts'
import { alignColumns } from '../text/table.ts'
import type { World } from '../world.ts'
import { modifiedMs } from './ls.ts'

export async function stat(call: Call, world: World): Promise<ExitCode> {
  const paths = call.args.map(parseRemotePathInSpace)
  return withConnection('stat', call, world, async ({ api }, say) => {
    for (const [at, path] of paths.entries()) {
      const node = await lookUp(api, path)
      const shown = formatRemotePath(path.segments)
      await say.json({ path: shown, ...node })
      const rows: [string, string][] = [[say.paint('bold', 'path'), say.name(shown)], ...describe(node, say)]
      await say.lines([...(at === 0 ? [] : ['']), ...alignColumns(rows, ['left', 'left'])])
    }
    return EXIT.ok
  })
}

function describe(node: NodeStateWire, say: Say): [string, string][] {
  const trashed: [string, string][] =
    node.trashedAt === null ? [] : [['deleted', `${formatTime(node.trashedAt)}; bitvault restore brings it back`]]
  return [
    ...describeContent(node, say),
    ['changed', `${formatTime(node.changedAt)} (change ${node.changedSeq} of the journal)`],
    ['created', formatTime(node.createdAt)],
    ...trashed,
    ['id', node.id],
    ...describeProperties(node, say),
  ]
}

function describeContent(node: NodeStateWire, say: Say): [string, string][] {
  const { kind, size, conflictPolicy } = node
  if (kind === 'folder')
    return [['kind', 'folder'], ...(conflictPolicy === null ? [] : [['conflicts', conflictPolicy] as [string, string]])]
  const version: [string, string][] = [
    ['version', String(node.contentRevision)],
    ['modified', formatTime(modifiedMs(node))],
  ]
  if (kind === 'symlink') return [['kind', 'symlink'], ['target', say.name(node.linkTarget ?? '')], ...version]
  const exact = (size ?? 0) >= 1000 ? `${formatBytes(size ?? 0)} (${size} bytes)` : `${size} bytes`
  return [
    ['kind', node.executable ? 'file, executable' : 'file'],
    ['size', exact],
    ...version,
    ['sha256', node.sha256 ?? ''],
  ]
}

const describeProperties = ({ properties }: NodeStateWire, say: Say): [string, string][] =>
  Object.entries(properties ?? {}).map(([key, value], at) => [
    at === 0 ? 'properties' : '',
    `${say.name(key)} = ${say.name(value)}`,
  ])
