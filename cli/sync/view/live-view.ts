import type { LinkEvent } from '../../../client/node/sync/host/link-event.ts'
import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import { redrawnLines } from '../../progress/redrawn-lines.ts'
import type { Say } from '../../say.ts'
import { escapeForTerminal } from '../../text/terminal-text.ts'
import type { World } from '../../world.ts'
import type { LinkSource } from '../link-source.ts'
import { linkLines } from './link-lines.ts'

const REDRAW_MS = 200

/** Where a person looks: on a terminal that can be drawn over. */
export const isLive = (world: World, say: Say): boolean =>
  world.stdout.isTerminal && !say.isJson && !say.isQuiet && world.env['TERM'] !== 'dumb'

export type LiveView = { take(event: LinkEvent): void; close(): Promise<void> }

/**
 * How some links fare, drawn over in place until it is closed; the last picture stays. What is asked again and again is how they are, so a thousand
 * events cost nothing.
 */
export function showLive(ask: () => Promise<readonly LinkStatus[]>, world: World, say: Say): LiveView {
  const { stdout } = world
  const lines = redrawnLines(stdout)
  const ending = new AbortController()
  const over = AbortSignal.any([ending.signal, world.signal])
  let drawn = ''
  const picture = async (): Promise<string[]> => linesOf(await ask(), world, say)
  const draw = async (): Promise<void> => {
    const text = await picture().catch(() => null)
    const key = text?.join('\n') ?? drawn
    // What has not changed needs no drawing, unless the window has.
    if (ending.signal.aborted || text === null || `${key} ${stdout.columns}` === drawn) return
    drawn = `${key} ${stdout.columns}`
    await lines.draw(text)
  }
  const run = async (): Promise<void> => {
    while (!over.aborted) {
      await draw()
      await world.sleep(REDRAW_MS, over).catch(() => {})
    }
  }
  const running = run()
  return {
    take: () => {},
    close: async () => {
      ending.abort()
      await running
      const last = await picture().catch(() => [])
      await lines.close()
      if (last.length > 0) await stdout.write(`${last.join('\n')}\n`)
    },
  }
}

/** Of a source that ends, the last thing that it said. */
export function askOf(source: LinkSource): () => Promise<LinkStatus[]> {
  let last: LinkStatus[] = []
  return async () =>
    (last = await source.status().then(
      (status) => [status],
      () => last,
    ))
}

export function linesOf(all: readonly LinkStatus[], world: World, say: Say): string[] {
  const { stdout, home } = world
  const columns = stdout.isTerminal ? Math.max(20, stdout.columns - 1) : 200
  const each = Math.max(6, Math.floor((stdout.rows - 2) / Math.max(1, all.length)))
  const options = {
    columns,
    rows: stdout.isTerminal ? each : 1_000,
    nowMs: world.now(),
    paint: say.paint,
    name: (text: string) => (stdout.isTerminal ? escapeForTerminal(text) : text),
    home,
  }
  return all.flatMap((status, at) => [...(at === 0 ? [] : ['']), ...linkLines(status, options)])
}
