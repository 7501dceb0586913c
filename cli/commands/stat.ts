import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { lookUp } from '../remote.ts'
import { formatRemotePath, parseRemotePathInSpace } from '../remote-path.ts'
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
      const rows: [string, string][] = [[say.paint('bold', 'path'), say.name(shown)], ...describe(node)]
      await say.lines([...(at === 0 ? [] : ['']), ...alignColumns(rows, ['left', 'left'])])
    }
    return EXIT.ok
  })
}

function describe(node: NodeStateWire): [string, string][] {
  const common: [string, string][] = [
    ['changed', `${formatTime(node.changedAt)} (change ${node.changedSeq} of the journal)`],
    ['created', formatTime(node.createdAt)],
    ['id', node.id],
  ]
  if (node.kind === 'folder') return [['kind', 'folder'], ...common]
  const exact = (node.size ?? 0) >= 1000 ? `${formatBytes(node.size ?? 0)} (${node.size} bytes)` : `${node.size} bytes`
  return [
    ['kind', node.executable ? 'file, executable' : 'file'],
    ['size', exact],
    ['version', String(node.contentRevision)],
    ['modified', formatTime(modifiedMs(node))],
    ['sha256', node.sha256 ?? ''],
    ...common,
  ]
}
