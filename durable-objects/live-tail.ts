import { AppError } from '../core/errors.ts'
import { requireWithin, SNAPSHOT_PATH, type Cursor, type Holder } from '../core/namespace/cursor.ts'
import { LIVE_PAGE, type LivePage } from './live-hub.ts'
import { changesMessage, changesText, cursorText, plainMessage, resetReasonOf, type LiveText } from './live-message.ts'
import { shownTo, type Viewer } from './live-principals.ts'

/** Entries between a cursor and the head that are sent; beyond them a client pulls. */
export const TAIL_MAX = 1_000
/** The same in characters: well below what may wait for one reader. */
const TAIL_MAX_LENGTH = 512 * 1024
/** A tenant whose journal grows faster than a tail can be read: the client may try again. */
const MAX_ROUNDS = 50

export type TailRequest = {
  cursor: Cursor
  holder: Holder
  viewer: Viewer
  readPage: (after: number, limit: number) => Promise<LivePage>
  /** Where those who listen already stand: what comes must not stand behind them. */
  through: () => number
}

/** What brings a client from its cursor to the head, and where that is. The promise is kept up to the next `await` of the caller. */
export type Tail = { place: Cursor; messages: LiveText[] }

/** @throws busy when the head is never reached */
export async function readTail(request: TailRequest): Promise<Tail> {
  const { cursor, viewer, readPage, through } = request
  const messages: LiveText[] = []
  let { seq } = cursor
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const page = await readPage(seq, LIVE_PAGE)
    const head = { epoch: page.epoch, seq: page.head }
    if (head.seq < through()) continue
    const detour = detourOf(request, page, lengthOf(messages))
    if (detour) return { place: head, messages: [detour] }
    const end = page.entries.at(-1)?.seq ?? seq
    messages.push(stretch(request, { from: seq, to: end }, changesText(shownTo(viewer, page.entries))))
    seq = end
    if (seq >= head.seq) return { place: { epoch: cursor.epoch, seq }, messages }
  }
  throw new AppError('busy', { retryAfterMs: 1_000, detail: 'the journal grows faster than it can be read' })
}

const stretch = ({ cursor: { epoch }, holder }: TailRequest, range: { from: number; to: number }, changes: string) =>
  changesMessage(cursorText({ epoch, seq: range.from }, holder), cursorText({ epoch, seq: range.to }, holder), changes)

/** What is said in place of the changes; `null`: they can be sent. */
function detourOf({ cursor, holder }: TailRequest, page: LivePage, length: number): LiveText | null {
  const headText = cursorText({ epoch: page.epoch, seq: page.head }, holder)
  try {
    requireWithin(cursor, { epoch: page.epoch, seq: page.head, horizon: page.horizon })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'resync-required') throw error
    const reason = resetReasonOf(error.facts)
    return plainMessage({ type: 'reset', reason, snapshot: SNAPSHOT_PATH, cursor: headText }, headText)
  }
  const isLong = page.head - cursor.seq > TAIL_MAX || length > TAIL_MAX_LENGTH
  return isLong ? plainMessage({ type: 'behind', cursor: headText }) : null
}

const lengthOf = (messages: readonly LiveText[]): number => messages.reduce((sum, { json }) => sum + json.length, 0)
