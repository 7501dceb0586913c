import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import type { Link } from '../../../client/node/sync/links/link.ts'
import type { Call } from '../../command.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { sayTo, type Say } from '../../say.ts'
import { chooseLinks } from '../../sync/choose-links.ts'
import { linksOf } from '../../sync/link-parts.ts'
import { controlOf, statusOf } from '../../sync/running.ts'
import { byReason } from '../../sync/view/blocked-lines.ts'
import { isLive, linesOf, showLive } from '../../sync/view/live-view.ts'
import { shownFolder } from '../../sync/view/shown-folder.ts'
import { describeBlock, describeState, detailOf } from '../../sync/view/words.ts'
import { formatMoment } from '../../text/quantity.ts'
import type { World } from '../../world.ts'

type StatusOptions = { follow: boolean; blocked: boolean }

const FOLLOW_MS = 500

export async function syncStatus(call: Call<StatusOptions>, world: World): Promise<ExitCode> {
  const say = sayTo(world, call.options)
  const [given] = call.args
  if (given === undefined && (await linksOf(world).list()).length === 0) {
    await say.json({ links: [] })
    await say.done('No folder is linked. Link one: bitvault sync <folder> [space/path]')
    return EXIT.ok
  }
  const links = await chooseLinks(world, given)
  if (call.options.blocked) return listBlocked(links, world, say)
  const ask = (): Promise<LinkStatus[]> => Promise.all(links.map((link) => statusOf(world, link)))
  if (call.options.follow) return follow(ask, world, say)
  const all = await ask()
  await say.json({ links: all })
  await say.lines(linesOf(all, world, say))
  return EXIT.ok
}

/** Until Ctrl-C. */
async function follow(ask: () => Promise<LinkStatus[]>, world: World, say: Say): Promise<ExitCode> {
  if (isLive(world, say)) {
    const view = showLive(ask, world, say)
    await new Promise<void>((resolve) => world.signal.addEventListener('abort', () => resolve(), { once: true }))
    await view.close()
    return EXIT.interrupted
  }
  const told = new Map<string, string>()
  while (!world.signal.aborted) {
    for (const status of await ask()) {
      const key = say.isJson ? JSON.stringify(status) : `${status.state} ${status.reason}`
      if (told.get(status.link.id) === key) continue
      told.set(status.link.id, key)
      await say.json({ event: 'status', ...status })
      await say.lines([stateLine(status, world, say)])
    }
    await world.sleep(FOLLOW_MS, world.signal).catch(() => {})
  }
  return EXIT.interrupted
}

const stateLine = ({ link, state, reason }: LinkStatus, world: World, say: Say): string =>
  `${formatMoment(world.now())}  ${say.name(shownFolder(link.root, world.home))}: ${describeState(state, reason).text}`

/** All that is blocked, by reason. */
async function listBlocked(links: readonly Link[], world: World, say: Say): Promise<ExitCode> {
  for (const link of links) {
    const items = (await (await controlOf(world, link))?.blocked()) ?? null
    const folder = say.name(shownFolder(link.root, world.home))
    await say.json({ id: link.id, root: link.root, items })
    if (items === null) await say.done(`${folder}: nobody works on it now, so it is not known what is blocked.`)
    else if (items.length === 0) await say.done(`${folder}: nothing is blocked.`)
    else await say.lines([say.paint('bold', folder)])
    for (const [reason, group] of byReason(items ?? [])) {
      await say.lines([
        `  ${say.paint('yellow', `${describeBlock(reason)} (${group.length.toLocaleString('en-US')})`)}`,
      ])
      for (const { path, detail } of group) {
        const more = detailOf(reason, detail)
        await say.lines([`    ${say.name(path)}${more === null ? '' : say.paint('dim', `  ${say.name(more)}`)}`])
      }
    }
  }
  return EXIT.ok
}
