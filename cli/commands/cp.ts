import type { Api } from '../../client/api.ts'
import { AppError } from '../../core/errors.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import type { ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { showStatus, type Status } from '../progress/status.ts'
import { lookUp } from '../remote.ts'
import { formatRemotePath, parseRemotePathBelowSpace, parseRemotePathInSpace, type RemotePath } from '../remote-path.ts'
import type { Say } from '../say.ts'
import type { World } from '../world.ts'
import { copyTree, sayPartial, type CopyTarget } from './copy-tree.ts'
import { ifExistsOf, openDestination } from './destination.ts'
import { eachItem } from './each-item.ts'
import type { GoingOptions } from './mv.ts'
import { noVersion } from './versions.ts'

type CpOptions = GoingOptions & { recursive: boolean; revision: number | undefined }

type Found = { shown: string; node: NodeStateWire }

/** Everything is looked up before the first is copied, so that a wrong name leaves nothing half done. */
export async function cp(call: Call<CpOptions>, world: World): Promise<ExitCode> {
  const { parents, revision } = call.options
  const ifExists = ifExistsOf(call.options)
  const sources = call.args.slice(0, -1).map(parseRemotePathBelowSpace)
  const target = parseRemotePathInSpace(call.args.at(-1) ?? '')
  if (revision !== undefined && sources.length > 1) throw usageError('--revision is of one file: name a single one')
  return withConnection('cp', call, world, async ({ api }, say) => {
    const found: Found[] = []
    for (const path of sources) found.push(copyable(path, await lookUp(api, path), call.options))
    const to = await openDestination(api, target, { isSeveral: found.length > 1, parents })
    const status = showStatus(world, say)
    try {
      return await eachItem(say, found, (item) =>
        copyOne({ api, say, status, ...(revision === undefined ? {} : { revision }) }, item, {
          ...to,
          name: to.as ?? item.node.name,
          ifExists,
        }),
      )
    } finally {
      await status.close()
    }
  })
}

/** Throws a usage error for a folder that was not meant as one. */
function copyable(path: RemotePath, node: NodeStateWire, { recursive, revision }: CpOptions): Found {
  const shown = formatRemotePath(path.segments)
  if (node.kind === 'folder' && revision !== undefined) throw usageError(`${shown} is a folder: it has no versions`)
  if (node.kind === 'folder' && !recursive)
    throw usageError(`${shown} is a folder: add -r to copy it with all that is in it`)
  return { shown, node }
}

type Work = { api: Api; say: Say; status: Status; revision?: number }

async function copyOne({ api, say, status, revision }: Work, { shown, node }: Found, to: CopyTarget): Promise<void> {
  const copied = await copyTree(api, node, to, {
    ...(revision === undefined ? {} : { revision }),
    onProgress: (requests, at) => status.update(`Copying ${shown}: ${requests} so far · ${at}`),
    onPartial: sayPartial(say),
  }).catch((error: unknown) => {
    if (revision === undefined || !(error instanceof AppError) || error.facts.field !== 'revision') throw error
    return noVersion(shown, revision)(error)
  })
  const path = formatRemotePath([...to.path, copied.is === 'kept' ? to.name : copied.node.name])
  if (copied.is === 'kept') {
    await say.json({ from: shown, path, outcome: 'kept' })
    return say.note(`${say.nameInNote(shown)}: left alone, ${say.nameInNote(path)} is there already`)
  }
  await say.json({ from: shown, path, outcome: 'copied', node: copied.node })
  const of = revision === undefined ? say.name(shown) : `${say.name(shown)} v${revision}`
  await say.done(`Copied ${of} → ${say.name(path)}${copied.isBeside ? ' (that name was taken)' : ''}`)
}
