import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError } from '../../failure.ts'
import { sayTo } from '../../say.ts'
import { isInstalled, serviceOf } from '../../service/service.ts'
import { daemonOf } from '../../sync/running.ts'
import type { World } from '../../world.ts'

const STOP_MS = 30_000
const LOOK_MS = 50

/** Ends the background process, and waits until it has ended. */
export async function syncStop(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const wasRunning = await stopDaemon(world)
  await say.json({ wasRunning })
  await say.done(
    wasRunning
      ? 'The background process has ended; what was under way goes on when it begins again.'
      : 'There is no background process.',
  )
  if (wasRunning && isInstalled(serviceOf(world)))
    await say.note('It begins again at the next login: bitvault sync service remove ends that.')
  return EXIT.ok
}

/** @returns whether there was one. @throws CliError when it does not end */
export async function stopDaemon(world: World): Promise<boolean> {
  const daemon = await daemonOf(world)
  if (daemon === null) return false
  await daemon.stop()
  const until = world.now() + STOP_MS
  while (world.now() < until) {
    if ((await daemonOf(world)) === null) return true
    await world.sleep(LOOK_MS, world.signal)
  }
  throw new CliError({ code: 'not-stopped', exit: EXIT.failed, message: 'the background process does not end' })
}
