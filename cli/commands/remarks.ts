import type { ProgressDisplay } from '../progress/display.ts'
import { formatCount } from '../text/quantity.ts'

/** A thousand files that failed for one reason fill no screen; `--json` names every one. */
const SHOWN_OF_A_KIND = 20

export type Remarks = {
  /** @param kind what is alike: an error code, a reason */
  add(kind: string, line: string): Promise<void>
  /** Says how many were not shown. */
  finish(): Promise<void>
}

export function remarksOn(display: Pick<ProgressDisplay, 'note'>): Remarks {
  const counts = new Map<string, number>()
  return {
    async add(kind, line) {
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      if (count <= SHOWN_OF_A_KIND) await display.note(line)
    },
    async finish() {
      for (const [kind, count] of counts)
        if (count > SHOWN_OF_A_KIND)
          await display.note(
            `… and ${formatCount(count - SHOWN_OF_A_KIND, 'more', 'more')} [${kind}]; --json names all`,
          )
    },
  }
}
