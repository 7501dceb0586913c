import { namespaceOf } from '../../client/namespace.ts'
import type { Call } from '../command.ts'
import { withConnection } from '../connection.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { usageError } from '../failure.ts'
import { resolvePath, settledOf } from '../remote.ts'
import { formatRemotePath, parseRemotePathInSpace } from '../remote-path.ts'
import type { World } from '../world.ts'
import { nameTaken, openDestination } from './destination.ts'

type LnOptions = { symbolic: boolean; force: boolean }

/** The target is kept as it is given: it means something where the link is, which need not be here. */
export async function ln(call: Call<LnOptions>, world: World): Promise<ExitCode> {
  const [target = '', link = ''] = call.args
  if (!call.options.symbolic) throw usageError('there are symbolic links only: bitvault ln -s <target> <path>')
  if (target === '') throw usageError('a link points somewhere: bitvault ln -s <target> <path>')
  const path = parseRemotePathInSpace(link)
  return withConnection('ln', call, world, async ({ api }, say) => {
    const { folder, path: above, as } = await openDestination(api, path, { isSeveral: false })
    const name = as ?? target.split('/').findLast((part) => part !== '') ?? target
    const shown = formatRemotePath([...above, name])
    const { node: present } = await resolvePath(api, { segments: [...above, name], isFolder: false })
    if (present !== null && (present.kind !== 'symlink' || (present.linkTarget !== target && !call.options.force)))
      throw nameTaken(
        shown,
        present.kind === 'symlink' ? '-f points it to here.' : 'Another name is free, or move it away first.',
      )
    const { node } = settledOf(
      await namespaceOf(api).createSymlink({ parent: folder.id, name, target, base: present?.contentRevision ?? 0 }),
    )
    await say.json({ path: shown, ...node })
    await say.done(`${say.name(shown)} -> ${say.name(target)}`)
    return EXIT.ok
  })
}
