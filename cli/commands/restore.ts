import type { Api } from '../../client/api.ts'
import { namespaceOf } from '../../client/namespace.ts'
import { isUuid } from '../../core/ids.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { resolvePath, settledOf, type Notice, type Settled } from '../remote.ts'
import { createPathFinder } from '../remote-place.ts'
import { formatRemotePath, parseRemotePathBelowSpace, parseRemotePathInSpace, type RemotePath } from '../remote-path.ts'
import { quoteForShell } from '../text/quote.ts'
import type { World } from '../world.ts'
import { openDestination, type Destination } from './destination.ts'
import { eachItem } from './each-item.ts'
import { isAt, trashedBelow } from './trash-places.ts'

type RestoreOptions = { to: string | undefined; parents: boolean }

type Wanted = { shown: string; id: string }

export async function restore(call: Call<RestoreOptions>, world: World): Promise<ExitCode> {
  const named = call.args.map((text) => (isUuid(text) ? text : parseRemotePathBelowSpace(text)))
  const to = call.options.to === undefined ? null : parseRemotePathInSpace(call.options.to)
  return withConnection('restore', call, world, async ({ api }, say) => {
    const wanted: Wanted[] = []
    for (const one of named) wanted.push(await find(api, one))
    const { parents } = call.options
    const place = to === null ? null : await openDestination(api, to, { isSeveral: wanted.length > 1, parents })
    const paths = createPathFinder(api)
    return eachItem(say, wanted, async (item) => {
      const restored = settledOf(await namespaceOf(api).restore(item.id, targetOf(place)))
      const shown = formatRemotePath(await paths.of(restored.node))
      const { notice } = restored
      await say.json({ path: shown, outcome: 'restored', notice, node: restored.node })
      await say.done(`Restored ${say.name(shown)}${notice === null ? '' : `: ${NOTICES[notice]}`}`)
      return exitOf(restored)
    })
  })
}

const exitOf = ({ original }: Settled): ExitCode => (original === null ? EXIT.ok : EXIT.conflict)

/** Why it is not quite where, or as, it was. */
const NOTICES: Record<Notice, string> = {
  revived: 'it had been deleted meanwhile',
  'parent-gone': 'its folder is no more, so it is in the nearest one that is there',
  renamed: 'its name is taken, so it has another',
}

/** Without a name of its own it keeps the one that it has. */
function targetOf(place: Destination | null): { parent?: string; name?: string } {
  if (place === null) return {}
  return { parent: place.folder.id, ...(place.as === null ? {} : { name: place.as }) }
}

/** By its place, the newest of that place; or by its id. */
async function find(api: Api, named: RemotePath | string): Promise<Wanted> {
  if (typeof named === 'string') return { shown: named, id: named }
  const shown = formatRemotePath(named.segments)
  for await (const item of trashedBelow(api, named)) if (isAt(item, named)) return { shown, id: item.node.id }
  const folder = await findFolderAround(api, named)
  if (folder !== null)
    throw new CliError({
      code: 'in-trash',
      exit: EXIT.notFound,
      message: `${shown} was deleted with its folder ${folder}, which comes back as a whole`,
      next: `Run: bitvault restore ${quoteForShell(folder)}`,
    })
  const isThere = await resolvePath(api, named).then(
    ({ node }) => node !== null,
    () => false,
  )
  throw new CliError({
    code: 'not-found',
    exit: EXIT.notFound,
    message: `${shown} is not in the trash${isThere ? ': it is there' : ''}`,
    next: 'bitvault trash lists what is.',
  })
}

/** A folder above `path` that was deleted as a whole; `null` = none. */
async function findFolderAround(api: Api, path: RemotePath): Promise<string | null> {
  for (let depth = path.segments.length - 1; depth >= 2; depth--) {
    const above: RemotePath = { segments: path.segments.slice(0, depth), isFolder: true }
    for await (const item of trashedBelow(api, above))
      if (isAt(item, above) && item.node.kind === 'folder') return formatRemotePath(above.segments)
  }
  return null
}
