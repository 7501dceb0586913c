import { pushReply, type PushEntryInput } from '../../protocol/mutations.ts'
import type { Api } from '../api.ts'
import type { FileOutcome, LinkItem } from './events.ts'
import { outcomeOf } from './upload-run.ts'

/** Links in one request. */
const LINKS_MAX = 500

/** Stores symbolic links as links, many with one request. @returns one outcome for each, in order */
export async function uploadLinks(api: Api, links: readonly LinkItem[]): Promise<FileOutcome[]> {
  const outcomes: FileOutcome[] = []
  for (let at = 0; at < links.length; at += LINKS_MAX) {
    const mutations = links.slice(at, at + LINKS_MAX).map(({ place, base, target, mtimeNs }): PushEntryInput => ({
      id: api.newMutationId(),
      kind: 'symlink',
      target: place,
      base,
      linkTarget: target,
      mtimeNs,
    }))
    const reply = await api.transport.call({
      method: 'POST',
      route: '/v1/sync/push',
      path: '/v1/sync/push',
      body: { mutations },
      parse: pushReply.parse,
    })
    outcomes.push(...reply.results.map(outcomeOf))
  }
  return outcomes
}
