import type { Say } from '../say.ts'
import { escapeForTerminal } from '../text/terminal-text.ts'
import type { World } from '../world.ts'
import { advanceProgress, renderProgress, type Progress, type ProgressSample, type RenderOptions } from './progress.ts'

/** Progress lines at the bottom of a terminal; nothing at all where there is none. */
export type ProgressDisplay = {
  update(sample: ProgressSample): void
  /** A line that stays, above the progress. */
  note(line: string): Promise<void>
  /** Takes the lines away and gives the cursor back. Must run whatever happens. */
  close(): Promise<void>
}

const REDRAW_MS = 100
const HIDE_CURSOR = '\u001b[?25l'
export const SHOW_CURSOR = '\u001b[?25h'

export function showProgress(world: World, say: Say, verb: RenderOptions['verb']): ProgressDisplay {
  const { stderr } = world
  if (!stderr.isTerminal || say.isJson || say.isQuiet || world.env['TERM'] === 'dumb')
    return { update: () => {}, note: (line) => say.note(line), close: async () => {} }

  let progress: Progress | null = null
  let newest: ProgressSample | null = null
  let linesShown = 0

  const erase = () => (linesShown === 0 ? '' : `\r\u001b[${linesShown}A\u001b[J`)
  const draw = (above = '') => {
    if (newest === null) return above === '' ? undefined : stderr.write(above)
    progress = advanceProgress(progress, newest, world.now())
    const lines = renderProgress(progress, { columns: stderr.columns, paint: say.paintNote, verb })
    const hide = linesShown === 0 ? HIDE_CURSOR : ''
    const text = `${hide}${erase()}${above}${lines.join('\n')}\n`
    linesShown = lines.length
    return stderr.write(text)
  }
  // A timer, not the updates, draws: so that the rate falls when nothing comes, and a thousand updates cost one redraw.
  const timer = setInterval(() => void draw(), REDRAW_MS)

  return {
    update(sample) {
      newest = { ...sample, current: sample.current === null ? null : escapeForTerminal(sample.current) }
    },
    note: async (line) => draw(`${line}\n`),
    async close() {
      clearInterval(timer)
      if (linesShown > 0) await stderr.write(erase() + SHOW_CURSOR)
      linesShown = 0
    },
  }
}
