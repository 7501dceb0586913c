import { createHash } from 'node:crypto'
import { formatCursor, type Cursor, type Holder } from '../core/namespace/cursor.ts'
import type { FeedEntry } from '../db/tenant/journal.ts'
import type { LiveMessage } from '../protocol/live.ts'

/**
 * A message as it goes out. It is composed of texts, not of objects, so that a thousand sockets that see the same changes share
 * one text of them.
 */
export type LiveText = {
  type: LiveMessage['type']
  json: string
  /** Where a client is that has taken this message in; `null`: where it was. */
  cursor: string | null
}

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

export const cursorText = (cursor: Cursor, holder: Holder): string => formatCursor(cursor, holder, sha256Hex)

/** What of an entry goes out; the same as in a page of the feed. */
export const changesText = (entries: readonly FeedEntry[]): string =>
  JSON.stringify(entries.map(({ seq, kind, at, node }) => ({ seq, kind, at, node })))

/** @param changes the text of `changesText` */
export const changesMessage = (after: string, cursor: string, changes: string): LiveText => ({
  type: 'changes',
  json: `{"type":"changes","after":"${after}","cursor":"${cursor}","changes":${changes}}`,
  cursor,
})

type Plain = Exclude<LiveMessage, { type: 'changes' }>

/** @param cursor as in `LiveText` */
export const plainMessage = (message: Plain, cursor: string | null = null): LiveText => ({
  type: message.type,
  json: JSON.stringify(message),
  cursor,
})

export const closingMessage = (code: number, reason: string): LiveText =>
  plainMessage({ type: 'closing', code, reason })

/** What follows `cursor` needs a snapshot: of `resync-required` as a message. */
export const resetReasonOf = (facts: Record<string, unknown>): 'epoch' | 'ahead' | 'horizon' => {
  const { reason } = facts
  return reason === 'ahead' || reason === 'horizon' ? reason : 'epoch'
}
