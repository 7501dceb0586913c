import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { sayTo } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import { linksOf } from '../../sync/link-parts.ts'
import { tellChanged } from '../../sync/running.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import type { World } from '../../world.ts'

export const syncPause = (call: Call, world: World): Promise<ExitCode> => setPaused(call, world, true)
export const syncResume = (call: Call, world: World): Promise<ExitCode> => setPaused(call, world, false)

/** It outlives every process: what is paused stays so until somebody says otherwise. */
async function setPaused(call: Call, world: World, paused: boolean): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  for (const link of await chooseLinks(world, call.args[0])) {
    const wasPaused = link.paused
    await linksOf(world).updateOne(link.id, (one) => ({ ...one, paused }))
    const isRunning = await tellChanged(world, link)
    await say.json({ id: link.id, root: link.root, paused, changed: wasPaused !== paused, running: isRunning })
    const folder = say.name(shownFolder(link.root, world.home))
    const said = paused ? (wasPaused ? 'is paused already' : 'is paused') : wasPaused ? 'goes on' : 'is not paused'
    await say.done(`${folder} ${said}${isRunning ? '' : '; nobody works on it now'}.`)
  }
  return EXIT.ok
}
