import type { LinkEvent } from '../../client/node/sync/host/link-event.ts'
import type { Say } from '../say.ts'
import type { World } from '../world.ts'
import { eventLine } from './event-line.ts'
import type { LinkSource } from './link-source.ts'

export type EventSayer = { take(event: LinkEvent): void; close(): Promise<void> }

/** What happens, as lines: for a person who keeps them, or with `--json` for a program. */
export async function sayEvents(source: LinkSource, _world: World, say: Say): Promise<EventSayer> {
  let saying: Promise<unknown> = Promise.resolve()
  const next = (work: () => Promise<void>): void => void (saying = saying.then(work))
  await say.json({ event: 'status', ...(await source.status()) })
  return {
    take: ({ kind, ...facts }) => {
      next(() => say.json({ event: kind, ...facts }))
      const line = eventLine({ kind, ...facts } as LinkEvent, say)
      if (line !== null && !say.isQuiet) next(() => say.lines([line]))
    },
    close: async () => {
      await saying
    },
  }
}
