import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { syncFolder } from '../../client/node/sync/links/link-folder.ts'
import type { DaemonControl } from '../../client/node/sync/control/daemon-control.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import { MAIN } from '../main-path.ts'
import { startService } from '../service/service.ts'
import type { World } from '../world.ts'
import { stateOf } from './link-parts.ts'
import { daemonOf } from './running.ts'

const START_MS = 20_000
const LOOK_MS = 50
const LOG_MAX_BYTES = 1024 * 1024

/** The background process, started if there is none: by the service when one is installed, otherwise detached from this terminal. @throws CliError */
export async function ensureDaemon(world: World): Promise<DaemonControl> {
  const running = await daemonOf(world)
  if (running !== null) return running
  const log = daemonLog(world)
  const isStarted = (await startService(world)) || (await world.launch(process.execPath, [MAIN, 'sync', 'daemon'], log))
  if (!isStarted) throw notStarted(log)
  const until = world.now() + START_MS
  while (world.now() < until) {
    const control = await daemonOf(world)
    if (control !== null) return control
    await world.sleep(LOOK_MS, world.signal)
  }
  throw notStarted(log)
}

const notStarted = (log: string): CliError =>
  new CliError({
    code: 'not-running',
    exit: EXIT.failed,
    message: 'the background process did not start',
    next: `Its log says why: ${log}`,
  })

/** What the background process says when nobody keeps it for it. */
export function daemonLog(world: World): string {
  const folder = syncFolder(stateOf(world))
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'daemon.log')
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_MAX_BYTES) renameSync(path, `${path}.1`)
  return path
}
