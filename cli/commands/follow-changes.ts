import type { Api } from '../../client/api.ts'
import { WAIT_MAX_SECONDS, type Change } from '../../protocol/sync.ts'

/** `isFirst`: nothing is missed from here on. */
export type ChangesPage = { changes: readonly Change[]; cursor: string; isFirst?: boolean }

/** What is committed from `from` on, or from now on; goes on until it is stopped. */
export async function* followChanges(api: Api, from: string | null): AsyncIterable<ChangesPage> {
  let cursor = from ?? (await findHead(api))
  let isFirst = true
  for (;;) {
    if (isFirst) yield { changes: [], cursor, isFirst }
    isFirst = false
    const page = await api.changes({ cursor, wait: WAIT_MAX_SECONDS })
    cursor = page.cursor
    if (page.changes.length > 0) yield page
  }
}

async function findHead(api: Api): Promise<string> {
  let page = await api.changes({ limit: 1_000 })
  while (page.more) page = await api.changes({ limit: 1_000, cursor: page.cursor })
  return page.cursor
}
