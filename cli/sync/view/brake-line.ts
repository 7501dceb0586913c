import { brakeText } from '../../../client/node/sync/host/brake-text.ts'
import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import { formatCount } from '../../text/quantity.ts'

type Brake = NonNullable<LinkStatus['brake']>

/** What waits for an answer, without the end of the sentence. */
export const brakeLine = ({ mass, items, of }: Brake): string =>
  brakeText({ mass, items: items.toLocaleString('en-US'), of: formatCount(of, 'item') })

/** The answer that lets it go on. */
export const goWord = (mass: Brake['mass']): 'delete' | 'send' => (mass === 'older' ? 'send' : 'delete')
