import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError, usageError } from '../../failure.ts'
import { sayTo } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import { requireControl, statusOf } from '../../sync/running.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import { formatCount } from '../../text/quantity.ts'
import type { World } from '../../world.ts'

/** Answers the brake (P9): many deletes wait until somebody says whether they were meant. */
export async function syncAnswer(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const [answer, given] = call.args
  if (answer !== 'keep' && answer !== 'delete') throw usageError(`the answer is keep or delete, not “${answer}”`)
  const { link, brake } = await asking(world, given)
  await (await requireControl(world, link)).answer(answer)
  await say.json({ id: link.id, root: link.root, answer, ...brake })
  const count = formatCount(brake.deletes, 'item')
  const where = brake.direction === 'remote' ? 'on the server' : 'here'
  const back = brake.direction === 'remote' ? 'here' : 'on the server'
  await say.done(
    `${say.name(shownFolder(link.root, world.home))}: ${answer === 'keep' ? `${count} are brought back ${back}` : `${count} are deleted ${where}, into the trash`}.`,
  )
  return EXIT.ok
}

type Asking = { link: LinkStatus['link']; brake: NonNullable<LinkStatus['brake']> }

/** The link that waits for an answer; of several, the one that is named. */
async function asking(world: World, given: string | undefined): Promise<Asking> {
  const all = await Promise.all((await chooseLinks(world, given)).map((link) => statusOf(world, link)))
  const waiting = all.flatMap(({ link, brake }) => (brake === null ? [] : [{ link, brake }]))
  const [first] = waiting
  if (first !== undefined && waiting.length === 1) return first
  if (first !== undefined)
    throw usageError(
      `say which folder is meant: ${waiting.map(({ link }) => shownFolder(link.root, world.home)).join(', ')}`,
    )
  throw new CliError({
    code: 'nothing-asked',
    exit: EXIT.failed,
    message: 'no deletes wait for an answer',
    next: 'How it fares: bitvault sync status',
  })
}
