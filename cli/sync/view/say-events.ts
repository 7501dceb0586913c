import type { LinkEvent } from '../../../client/node/sync/host/link-event.ts'
import type { Say } from '../../say.ts'
import type { World } from '../../world.ts'
import type { LinkSource } from '../link-source.ts'
import { eventLine } from './event-line.ts'
import { askOf, isLive, showLive, type LiveView } from './live-view.ts'

/** What happens: drawn in place on a terminal; otherwise as lines, or with `--json` as lines for a program. */
export async function sayEvents(source: LinkSource, world: World, say: Say): Promise<LiveView> {
  if (isLive(world, say)) return showLive(askOf(source), world, say)
  await say.json({ event: 'status', ...(await source.status()) })
  let saying: Promise<unknown> = Promise.resolve()
  const next = (work: () => Promise<void>): void => void (saying = saying.then(work))
  let isAtWork = false
  return {
    take: (event) => {
      const { kind, ...facts } = event
      if (say.isJson) return next(() => say.json({ event: kind, ...facts }))
      // It looks, does something and looks again, many times: a person is told once.
      const isMoreWork = isAtWork && isWork(event)
      if (event.kind === 'state') isAtWork = isWork(event)
      const line = say.isQuiet || isMoreWork ? null : eventLine(event, say)
      if (line !== null) next(() => say.lines([line]))
    },
    close: async () => void (await saying),
  }
}

const isWork = (event: LinkEvent): boolean =>
  event.kind === 'state' && (event.state === 'syncing' || event.state === 'scanning') && event.reason === undefined
