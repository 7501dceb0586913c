import { brakeLine, goWord } from '../../sync/view/brake-line.ts'
import type { PlannedStep, PlanReply } from '../../../client/node/sync/host/describe-plan.ts'
import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import { lookOnce } from '../../../client/node/sync/host/look-once.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import { AppError } from '../../../core/errors.ts'
import { keepHeapSmall } from '../../../client/node/small-heap.ts'
import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CliError } from '../../failure.ts'
import { showStatus } from '../../progress/status.ts'
import { sayTo, type Say } from '../../say.ts'
import { chooseOnly } from '../../sync/choose-links.ts'
import { sharedParts } from '../../sync/link-parts.ts'
import { controlOf, statusOf } from '../../sync/running.ts'
import { folderForShell } from '../../sync/view/shown-folder.ts'
import { describeState, stepWords } from '../../sync/view/words.ts'
import { formatBytes, formatCount } from '../../text/quantity.ts'
import { alignColumns } from '../../text/table.ts'
import type { World } from '../../world.ts'

const STEPS_MAX = 10_000

/** What would be done, and nothing else. */
export async function syncPlan(call: Call, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const link = await chooseOnly(world, call.args[0])
  const plan = await askPlan(link, world, say)
  await say.json({ id: link.id, root: link.root, place: link.place, ...plan })
  const { progress } = await statusOf(world, link)
  await say.lines([...underWay(progress, say), ...planLines(plan, link, world, say)])
  return EXIT.ok
}

/** What has begun is in no plan any more. */
function underWay(progress: LinkStatus['progress'], { paint }: Say): string[] {
  if (progress === null || progress.filesLeft === 0) return []
  const files = formatCount(progress.filesLeft, 'file is', 'files are')
  return [paint('cyan', `${files} under way (${formatBytes(progress.bytesLeft)} left), beside which:`)]
}

async function askPlan(link: Link, world: World, say: Say): Promise<PlanReply> {
  const status = showStatus(world, say)
  status.update('Looking at both sides …')
  try {
    const control = await controlOf(world, link)
    if (control !== null) return await control.plan().catch((error: unknown) => explain(error, link, world))
    keepHeapSmall()
    const { signInOf, ...shared } = sharedParts(world, 'foreground')
    return await lookOnce({ ...shared, link, signIn: signInOf(link) }, STEPS_MAX)
  } finally {
    await status.close()
  }
}

/** @throws CliError in words for a person, where the process that works on it cannot look now; `error` else */
async function explain(error: unknown, link: Link, world: World): Promise<never> {
  if (!(error instanceof AppError) || error.code !== 'precondition-failed') throw error
  const { state, reason } = await statusOf(world, link)
  throw new CliError({
    code: 'not-now',
    exit: EXIT.failed,
    message: `the two sides cannot be compared now: ${describeState(state, reason).text}`,
    next: `What to do: bitvault sync status ${folderForShell(link.root, world.home)}`,
  })
}

function planLines({ steps, brake, more }: PlanReply, link: Link, world: World, say: Say): string[] {
  const folder = say.name(folderForShell(link.root, world.home))
  const rows = steps.map(({ do: step, path, to, bytes, detail }) => [
    stepWords(step).planned,
    to === null ? say.name(path) : `${say.name(path)} → ${say.name(to)}`,
    bytes === null ? '' : formatBytes(bytes),
    detail === null ? '' : say.paint('yellow', say.name(detail)),
  ])
  const held =
    brake === null
      ? []
      : [
          say.paint('yellow', `${brakeLine(brake)}: that waits for an answer.`),
          `Answer: bitvault sync answer keep|${goWord(brake.mass)} ${folder}`,
        ]
  if (rows.length === 0 && brake === null) return ['Nothing is to be done.']
  return [
    ...alignColumns(rows, ['left', 'left', 'right', 'left']),
    ...(more ? [say.paint('dim', '… and more')] : []),
    ...(rows.length === 0 ? [] : ['', summary(steps, more)]),
    ...held,
    say.paint('dim', 'Nothing was done.'),
  ]
}

/** `12 to send (1.20 GiB), 3 to fetch (20.0 MiB), 1 to delete there` */
function summary(steps: readonly PlannedStep[], more: boolean): string {
  const sums = new Map<string, { count: number; bytes: number | null }>()
  for (const { do: step, bytes } of steps) {
    const { planned } = stepWords(step)
    const sum = sums.get(planned) ?? { count: 0, bytes: null }
    sums.set(planned, { count: sum.count + 1, bytes: bytes === null ? sum.bytes : (sum.bytes ?? 0) + bytes })
  }
  const parts = [...sums].map(
    ([planned, { count, bytes }]) =>
      `${count.toLocaleString('en-US')} to ${planned}${bytes === null ? '' : ` (${formatBytes(bytes)})`}`,
  )
  return `${parts.join(', ')}${more ? ', and more' : ''}`
}
