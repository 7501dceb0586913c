import type { Link } from '../../../client/node/sync/links/link.ts'
import { forgetDevice } from '../../../client/node/sync/host/device.ts'
import { forgetLink } from '../../../client/node/sync/host/forget-link.ts'
import type { Call, GlobalOptions } from '../../command.ts'
import { connect } from '../../connection.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError, toFailure, usageError } from '../../failure.ts'
import { sayTo } from '../../say.ts'
import { chooseLink } from '../../sync/choose-links.ts'
import { linksOf, stateOf } from '../../sync/link-parts.ts'
import { realPathOf } from '../../sync/local-folder.ts'
import { controlOf } from '../../sync/running.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import type { World } from '../../world.ts'
import { resolve } from 'node:path'

const END_MS = 30_000
const LOOK_MS = 50

/** Ends a link. What is in the two folders stays there, and goes its own ways from now on. */
export async function syncUnlink(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const given = call.args[0] ?? ''
  const link = await chooseLink(world, given)
  const path = resolve(world.cwd, given)
  if (link.root !== path && link.root !== (await realPathOf(path)))
    throw usageError(`${given} lies in the linked folder ${shownFolder(link.root, world.home)}: name that one`)
  await linksOf(world).updateOne(link.id, () => null)
  await waitForEnd(link, world)
  const trash = await forgetLink(link, stateOf(world))
  const problem = await forgetOnServer(link, call.options, world)
  await say.json({ id: link.id, root: link.root, place: link.place, trash, deviceForgotten: problem === null })
  await say.done(
    `${say.name(shownFolder(link.root, world.home))} and ${say.name(link.place)} are no longer linked; all files stay.`,
  )
  if (trash !== null) await say.note(`Its safety trash, which is no longer tidied: ${say.nameInNote(trash)}`)
  if (problem !== null)
    await say.note(`bitvault devices goes on listing it, since the server could not be told: ${problem}`)
  return EXIT.ok
}

/** Whoever works on it finds that it is no more, and ends. */
async function waitForEnd(link: Link, world: World): Promise<void> {
  const until = world.now() + END_MS
  for (let control = await controlOf(world, link); control !== null; control = await controlOf(world, link)) {
    if (world.now() > until)
      throw new CliError({
        code: 'busy',
        exit: EXIT.failed,
        message: 'the process that works on it does not end; the link is taken out of the list',
        next: 'End that process, then remove the .bitvault folder in it yourself.',
      })
    await control.reload().catch(() => {})
    await world.sleep(LOOK_MS, world.signal)
  }
}

/** @returns why the server could not be told; `null`: it was */
async function forgetOnServer(link: Link, options: GlobalOptions, world: World): Promise<string | null> {
  try {
    const { api } = await connect({ ...options, server: link.server }, world)
    await forgetDevice(api, link.device)
    return null
  } catch (error) {
    return toFailure(error).sentence
  }
}
