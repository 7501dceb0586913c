import type { Call } from '../command.ts'
import type { Api } from '../../client/api.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { createFolderChain, lookUp, nodeOf, resolvePath } from '../remote.ts'
import { formatRemotePath, parseRemotePathInSpace, type RemotePath } from '../remote-path.ts'
import type { World } from '../world.ts'

export async function mkdir(call: Call<{ parents: boolean }>, world: World): Promise<ExitCode> {
  // All are read before the first is made, so that a wrong name leaves nothing half done.
  const paths = call.args.map(parseRemotePathInSpace)
  return withConnection('mkdir', call, world, async ({ api }, say) => {
    for (const path of paths) {
      const node = call.options.parents ? await makeWithParents(api, path) : await makeOne(api, path)
      const shown = formatRemotePath(path.segments)
      await say.json({ path: shown, ...node })
      await say.done(`Made ${say.name(shown)}`)
    }
    return EXIT.ok
  })
}

async function makeOne(api: Api, path: RemotePath): Promise<NodeStateWire> {
  const name = path.segments.at(-1)
  const above = path.segments.slice(0, -1)
  if (name === undefined || above.length === 0) throw usageError('a folder is made inside a space, as in home/photos')
  const parent = await lookUp(api, { segments: above, isFolder: true })
  return nodeOf(await api.createFolder({ parent: parent.id, name, ifExists: 'fail' }))
}

async function makeWithParents(api: Api, path: RemotePath): Promise<NodeStateWire> {
  const found = await resolvePath(api, path)
  if (found.node?.kind === 'folder') return found.node
  if (found.node !== null) {
    const message = `${formatRemotePath(path.segments)} is there already, and it is a file`
    throw new CliError({ code: 'name-taken', exit: EXIT.failed, message })
  }
  const made = await createFolderChain(api, found.deepest.id, found.rest)
  return made.at(-1) ?? found.deepest
}
