import { namespaceOf } from '../../client/namespace.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import type { ExitCode } from '../exit-codes.ts'
import { CliError, usageError } from '../failure.ts'
import { lookUp, settledOf } from '../remote.ts'
import { formatRemotePath, parseRemotePathBelowSpace } from '../remote-path.ts'
import { quoteForShell } from '../text/quote.ts'
import type { World } from '../world.ts'
import { eachItem } from './each-item.ts'

type RmOptions = { recursive: boolean; force: boolean }

/** Everything is looked up before the first is deleted, so that a wrong name leaves nothing half done. */
export async function rm(call: Call<RmOptions>, world: World): Promise<ExitCode> {
  const { recursive, force } = call.options
  const paths = call.args.map(parseRemotePathBelowSpace)
  return withConnection('rm', call, world, async ({ api }, say) => {
    const found: { shown: string; node: NodeStateWire }[] = []
    for (const path of paths) {
      const shown = formatRemotePath(path.segments)
      const node = await lookUp(api, path).catch((error: unknown) => {
        if (force && error instanceof CliError && error.code === 'not-found') return null
        throw error
      })
      if (node === null) continue
      if (node.kind === 'folder' && !recursive)
        throw usageError(`${shown} is a folder: add -r to delete it with all that is in it`)
      found.push({ shown, node })
    }
    const done: string[] = []
    const exit = await eachItem(say, found, async ({ shown, node }) => {
      const seen = node.kind === 'folder' ? {} : { base: node.contentRevision }
      const trashed = settledOf(await namespaceOf(api).trash(node.id, seen))
      await say.json({ path: shown, outcome: 'trashed', node: trashed.node })
      await say.done(`Deleted ${say.name(shown)}`)
      done.push(shown)
    })
    if (done.length > 0) await say.note(say.paintNote('dim', wayBack(done.map(quoteForShell).map(say.nameInNote))))
    return exit
  })
}

const wayBack = (paths: readonly string[]): string =>
  paths.length === 1 && paths[0] !== undefined
    ? `Back with: bitvault restore ${paths[0]}`
    : 'They lie in the trash: bitvault trash lists them, bitvault restore <path> brings one back.'
