import { openDaemonControl, type DaemonControl } from '../../client/node/sync/control/daemon-control.ts'
import { openLinkControl, type LinkControl } from '../../client/node/sync/control/link-control.ts'
import { ControlGone } from '../../client/node/sync/control/call-control.ts'
import { daemonNote } from '../../client/node/sync/host/daemon.ts'
import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'
import { statusAtRest } from '../../client/node/sync/host/status-of.ts'
import { readTally } from '../../client/node/sync/host/tally.ts'
import { linkFolder } from '../../client/node/sync/links/link-folder.ts'
import type { Link } from '../../client/node/sync/links/link.ts'
import { EXIT } from '../exit-codes.ts'
import { CliError } from '../failure.ts'
import type { World } from '../world.ts'
import { stateOf } from './link-parts.ts'
import { folderForShell } from './view/shown-folder.ts'

/** `null`: nobody works on it. */
export const controlOf = (world: World, link: Link): Promise<LinkControl | null> =>
  openLinkControl(linkFolder(link.id, stateOf(world)).control)

/** `null`: there is no background process. */
export const daemonOf = (world: World): Promise<DaemonControl | null> => openDaemonControl(daemonNote(stateOf(world)))

/** Whoever works on it says how it fares; otherwise what was last known. */
export async function statusOf(world: World, link: Link): Promise<LinkStatus> {
  try {
    const control = await controlOf(world, link)
    if (control !== null) return await control.status()
  } catch (error) {
    // It has ended while it was asked.
    if (!(error instanceof ControlGone)) throw error
  }
  return statusAtRest(link, readTally(linkFolder(link.id, stateOf(world)).tally))
}

/** @throws CliError `not-running` */
export async function requireControl(world: World, link: Link): Promise<LinkControl> {
  const control = await controlOf(world, link)
  if (control !== null) return control
  const folder = folderForShell(link.root, world.home)
  throw new CliError({
    code: 'not-running',
    exit: EXIT.failed,
    message: `nobody works on ${link.root} now`,
    next: `Begin with: bitvault sync --background ${folder}`,
  })
}

/** What is in the file of the links has changed for this one: whoever works on it shall know now. */
export async function tellChanged(world: World, link: Link): Promise<boolean> {
  const control = await controlOf(world, link)
  await control?.reload()
  return control !== null
}
