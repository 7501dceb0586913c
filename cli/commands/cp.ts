import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import type { ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { showStatus } from '../progress/status.ts'
import { lookUp } from '../remote.ts'
import { formatRemotePath, parseRemotePathBelowSpace, parseRemotePathInSpace } from '../remote-path.ts'
import type { World } from '../world.ts'
import { copyTree } from './copy-tree.ts'
import { ifExistsOf, openDestination } from './destination.ts'
import { eachItem } from './each-item.ts'
import type { GoingOptions } from './mv.ts'

type CpOptions = GoingOptions & { recursive: boolean; revision: number | undefined }

/** Everything is looked up before the first is copied, so that a wrong name leaves nothing half done. */
export async function cp(call: Call<CpOptions>, world: World): Promise<ExitCode> {
  const { recursive, parents, revision } = call.options
  const ifExists = ifExistsOf(call.options)
  const sources = call.args.slice(0, -1).map(parseRemotePathBelowSpace)
  const target = parseRemotePathInSpace(call.args.at(-1) ?? '')
  if (revision !== undefined && sources.length > 1) throw usageError('--revision is of one file: name a single one')
  return withConnection('cp', call, world, async ({ api }, say) => {
    const found: { shown: string; node: NodeStateWire }[] = []
    for (const path of sources) {
      const node = await lookUp(api, path)
      const shown = formatRemotePath(path.segments)
      if (node.kind === 'folder' && revision !== undefined) throw usageError(`${shown} is a folder: it has no versions`)
      if (node.kind === 'folder' && !recursive)
        throw usageError(`${shown} is a folder: add -r to copy it with all that is in it`)
      found.push({ shown, node })
    }
    const { folder, path, as } = await openDestination(api, target, { isSeveral: found.length > 1, parents })
    const status = showStatus(world, say)
    try {
      return await eachItem(say, found, async ({ shown, node }) => {
        const name = as ?? node.name
        const copied = await copyTree(
          api,
          node,
          { folder, path, name, ifExists },
          {
            ...(revision === undefined ? {} : { revision }),
            onProgress: (requests, at) => status.update(`Copying ${shown}: ${requests} so far · ${at}`),
          },
        )
        if (copied.is === 'kept') {
          const to = formatRemotePath([...path, name])
          await say.json({ from: shown, path: to, outcome: 'kept' })
          return say.note(`${say.nameInNote(shown)}: left alone, ${say.nameInNote(to)} is there already`)
        }
        const to = formatRemotePath([...path, copied.node.name])
        await say.json({ from: shown, path: to, outcome: 'copied', node: copied.node })
        const of = revision === undefined ? say.name(shown) : `${say.name(shown)} v${revision}`
        await say.done(`Copied ${of} → ${say.name(to)}${copied.isBeside ? ' (that name was taken)' : ''}`)
      })
    } finally {
      await status.close()
    }
  })
}
