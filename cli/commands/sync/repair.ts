import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { sayTo } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import { requireControl } from '../../sync/running.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import { formatCount } from '../../text/quantity.ts'
import type { World } from '../../world.ts'

/** What a failing disk has damaged makes room for what the server has (DK-12). */
export async function syncRepair(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  for (const link of await chooseLinks(world, call.args[0])) {
    const files = await (await requireControl(world, link)).repair()
    await say.json({ id: link.id, root: link.root, files })
    const what =
      files === 0
        ? 'nothing is known to be damaged'
        : `${formatCount(files, 'file')} ${files === 1 ? 'is' : 'are'} fetched again`
    await say.done(`${say.name(shownFolder(link.root, world.home))}: ${what}.`)
  }
  return EXIT.ok
}
