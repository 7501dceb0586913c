import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError, usageError } from '../../failure.ts'
import { sayTo } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import { requireControl, statusOf } from '../../sync/running.ts'
import { brakeLine, goWord } from '../../sync/view/brake-line.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import { formatCount } from '../../text/quantity.ts'
import type { World } from '../../world.ts'

/** Answers the brake (P9): many deletes, or files that went back in time, wait until somebody says whether that was meant. */
export async function syncAnswer(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const [answer, given] = call.args
  if (!isAnswer(answer)) throw usageError(`the answer is keep, delete or send, not “${answer}”`)
  const { link, brake } = await asking(world, given)
  const go = goWord(brake.mass)
  if (answer !== 'keep' && answer !== go) throw usageError(`${brakeLine(brake)}: the answer is keep or ${go}`)
  await (await requireControl(world, link)).answer(answer === 'keep' ? 'keep' : 'delete')
  await say.json({ id: link.id, root: link.root, answer, ...brake })
  await say.done(`${say.name(shownFolder(link.root, world.home))}: ${whatFollows(brake, answer)}.`)
  return EXIT.ok
}

type Answer = 'keep' | 'delete' | 'send'
const isAnswer = (text: string | undefined): text is Answer => text === 'keep' || text === 'delete' || text === 'send'

function whatFollows({ mass, items }: Asking['brake'], answer: Answer): string {
  const count = formatCount(items, 'item')
  if (mass === 'older')
    return answer === 'keep' ? `${count} are kept beside what the server has` : `${count} become the newest versions`
  const [where, back] = mass === 'remote' ? ['on the server', 'here'] : ['here', 'on the server']
  return answer === 'keep' ? `${count} are brought back ${back}` : `${count} are deleted ${where}, into the trash`
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
    message: 'nothing waits for an answer',
    next: 'How it fares: bitvault sync status',
  })
}
