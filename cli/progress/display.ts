import type { Say } from '../say.ts'
import { escapeForTerminal } from '../text/terminal-text.ts'
import type { World } from '../world.ts'
import { advanceProgress, renderProgress, type Progress, type ProgressSample, type RenderOptions } from './progress.ts'
import { redrawnLines } from './redrawn-lines.ts'

/** Progress lines at the bottom of a terminal; nothing at all where there is none. */
export type ProgressDisplay = {
  update(sample: ProgressSample): void
  /** A line that stays, above the progress. */
  note(line: string): Promise<void>
  /** Takes the lines away and gives the cursor back. Must run whatever happens. */
  close(): Promise<void>
}

const REDRAW_MS = 100

export function showProgress(world: World, say: Say, verb: RenderOptions['verb']): ProgressDisplay {
  const { stderr } = world
  if (!stderr.isTerminal || say.isJson || say.isQuiet || world.env['TERM'] === 'dumb')
    return { update: () => {}, note: (line) => say.note(line), close: async () => {} }

  let progress: Progress | null = null
  let newest: ProgressSample | null = null
  const lines = redrawnLines(stderr)

  const draw = async (above = ''): Promise<void> => {
    if (newest === null) return above === '' ? undefined : stderr.write(`${above}\n`)
    progress = advanceProgress(progress, newest, world.now())
    await lines.draw(renderProgress(progress, { columns: stderr.columns, paint: say.paintNote, verb }), above)
  }
  // A timer, not the updates, draws: so that the rate falls when nothing comes, and a thousand updates cost one redraw.
  const timer = setInterval(() => void draw(), REDRAW_MS)

  return {
    update(sample) {
      newest = { ...sample, current: sample.current === null ? null : escapeForTerminal(sample.current) }
    },
    note: (line) => draw(line),
    async close() {
      clearInterval(timer)
      await lines.close()
    },
  }
}
