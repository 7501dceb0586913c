import type { Say } from '../say.ts'
import { escapeForTerminal, shortenMiddle } from '../text/terminal-text.ts'
import type { World } from '../world.ts'
import { SHOW_CURSOR } from './redrawn-lines.ts'

/** One line at the bottom of a terminal that says what goes on; nothing at all where there is none. */
export type Status = {
  update(text: string): void
  /** Takes the line away. Must run whatever happens. */
  close(): Promise<void>
}

const REDRAW_MS = 100
const HIDE_CURSOR = '\u001b[?25l'

export function showStatus(world: World, say: Say): Status {
  const { stderr } = world
  if (!stderr.isTerminal || say.isJson || say.isQuiet || world.env['TERM'] === 'dumb')
    return { update: () => {}, close: async () => {} }
  let newest: string | null = null
  let isShown = false
  const timer = setInterval(() => {
    if (newest === null) return
    const line = shortenMiddle(escapeForTerminal(newest), Math.max(1, stderr.columns - 1))
    void stderr.write(`${isShown ? '' : HIDE_CURSOR}\r\u001b[K${say.paintNote('dim', line)}`)
    isShown = true
    newest = null
  }, REDRAW_MS)
  return {
    update: (text) => void (newest = text),
    async close() {
      clearInterval(timer)
      if (isShown) await stderr.write(`\r\u001b[K${SHOW_CURSOR}`)
    },
  }
}
