import { brakeLine } from './brake-line.ts'
import type { LinkEvent } from '../../../client/node/sync/host/link-event.ts'
import type { Say } from '../../say.ts'
import { formatMoment } from '../../text/quantity.ts'
import { describeState, stepWords } from './words.ts'

/** One line of what happened, or `null`: nothing that a person keeps. */
export function eventLine(event: LinkEvent, say: Say): string | null {
  const said = sentenceOf(event, say)
  return said === null ? null : `${say.paint('dim', formatMoment(event.time))}  ${said}`
}

function sentenceOf(event: LinkEvent, say: Say): string | null {
  switch (event.kind) {
    case 'state': {
      const { text, colour } = describeState(event.state, event.reason ?? null)
      return say.paint(colour, text)
    }
    case 'step':
      if (event.at === 'end') return `${stepWords(event.step).done.padEnd(8)}  ${say.name(event.path)}`
      return event.at === 'failed'
        ? `${say.paint('yellow', 'failed  ')}  ${say.name(event.path)}: ${event.error ?? ''}`
        : null
    case 'blocked':
      return `${say.paint('yellow', 'blocked ')}  ${say.name(event.path)}: ${event.detail} [${event.reason}]`
    case 'brake':
      return say.paint('yellow', `${brakeLine(event)}: this waits for an answer`)
    case 'guard':
      return event.path === '' ? null : `${say.paint('red', 'refused ')}  ${say.name(event.path)}: ${event.detail}`
    case 'access':
      return event.canWrite ? 'You may write here again.' : 'You may only read here now: nothing is sent.'
    case 'database-set-aside':
      return 'The sync database was damaged and is set aside: both sides are compared anew.'
    case 'failure':
      return say.paint('red', `Something went wrong: ${event.error.split('\n')[0] ?? ''}`)
    case 'progress':
    case 'brake-over':
      return null
  }
}
