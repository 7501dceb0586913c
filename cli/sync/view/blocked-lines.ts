import type { BlockedItem, LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import { displayWidth, shortenMiddle } from '../../text/terminal-text.ts'
import { folderForShell } from './shown-folder.ts'
import type { ViewOptions } from './link-lines.ts'
import { describeBlock, detailOf } from './words.ts'

/** Of one reason; the rest is counted. */
const SHOWN_OF_A_KIND = 3

type Options = ViewOptions & { indent: string }

/** What is blocked and why, a reason at a time, in at most so many lines. Nothing when nothing is, or there is no room. */
export function blockedLines(status: LinkStatus, options: Options): string[] {
  const { blocked, blockedItems, link } = status
  const { rows, indent, paint, columns, home, name } = options
  if (blocked === 0 || rows < 1) return []
  const fit = (text: string): string => shortenMiddle(text, Math.max(1, columns - indent.length))
  const head = `${blocked.toLocaleString('en-US')} ${blocked === 1 ? 'item is' : 'items are'} blocked`
  const lines = [indent + paint('yellow', fit(head))]
  let named = 0
  for (const [reason, items] of byReason(blockedItems)) {
    const shown = items.slice(0, SHOWN_OF_A_KIND)
    // The last line is for what is not shown.
    if (lines.length + 1 + shown.length + 1 > rows) break
    named += shown.length
    lines.push(indent + fit(`  ${describeBlock(reason)}`), ...shown.map((item) => itemLine(item, options)))
  }
  const left = blocked - named
  const command = `bitvault sync status --blocked ${name(folderForShell(link.root, home))}`
  // Which they are is known to whoever works on it.
  if (left > 0 && lines.length < rows && status.process !== null)
    lines.push(indent + paint('dim', fit(`  … and ${left.toLocaleString('en-US')} more: ${command}`)))
  return lines
}

function itemLine({ path, reason, detail }: BlockedItem, { columns, indent, paint, name }: Options): string {
  const room = Math.max(1, columns - indent.length - 4)
  const more = detailOf(reason, detail)
  const shownPath = shortenMiddle(name(path), more === null ? room : Math.max(1, Math.floor(room / 2)))
  const left = room - displayWidth(shownPath) - 2
  const shownDetail = more === null || left < 8 ? '' : `  ${paint('dim', shortenMiddle(name(more), left))}`
  return `${indent}    ${shownPath}${shownDetail}`
}

export function byReason(items: readonly BlockedItem[]): [string, BlockedItem[]][] {
  const groups = new Map<string, BlockedItem[]>()
  for (const item of items) groups.set(item.reason, [...(groups.get(item.reason) ?? []), item])
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length)
}
