import type { MutationId } from '../../../core/ids.ts'
import type { Remote, RemoteChange } from '../../../client/sync/ports.ts'
import { ConnectionError } from '../../../client/connection-error.ts'
import type { MutationResult } from '../../../protocol/files.ts'
import type { PushEntry } from '../../../protocol/mutations.ts'
import type { Bug } from '../bug.ts'
import { uuidOf } from '../cloud.ts'
import { butRemote, butWriter } from './wrap.ts'

let lastId = 0
const newId = (): MutationId => uuidOf(7, ++lastId) as MutationId

/** What goes wrong on the way to the server and back. */
export const REMOTE_BUGS: readonly Bug[] = [
  {
    name: 'mutation id dropped',
    story: 'every request has a new id: one that is repeated is done twice',
    remote: (remote) =>
      butRemote(remote, {
        push: async (entries) => {
          const ids = new Map(entries.map(({ id }) => [id, newId()]))
          const renamed = JSON.parse(JSON.stringify(entries), (_key, value: unknown) =>
            typeof value === 'string' && ids.has(value) ? ids.get(value) : value,
          ) as PushEntry[]
          return remote.push(renamed)
        },
        upload: (files) => remote.upload(files.map((file) => ({ ...file, mutation: newId() }))),
      }),
  },
  {
    name: 'pending changes not remembered',
    story: 'what was sent and not answered is forgotten with a crash',
    store: (store) => butWriter(store, () => ({ setPending: () => {} })),
  },
  {
    name: 'conflicted copies pruned',
    story: 'a conflicted copy is put into the trash as soon as it was made',
    remote: (remote) =>
      butRemote(remote, {
        push: async (entries) => {
          const results = await remote.push(entries)
          for (const result of results) await prune(remote, result)
          return results
        },
        async *upload(files) {
          for await (const answer of remote.upload(files)) {
            if (answer.result.outcome !== 'failed') await prune(remote, answer.result)
            yield answer
          }
        },
      }),
  },
  {
    name: 'cursor skips a page',
    story: 'when there is more, only the last page is looked at',
    remote: (remote) =>
      butRemote(remote, {
        changes: async (cursor, waitMs) => {
          let page = await remote.changes(cursor, waitMs)
          while (page.more) page = await remote.changes(page.cursor, 0)
          return page
        },
      }),
  },
  {
    name: 'pages out of order',
    story: 'the changes of a page are taken last first',
    remote: (remote) =>
      butRemote(remote, {
        changes: async (cursor, waitMs) => {
          const page = await remote.changes(cursor, waitMs)
          return { ...page, changes: page.changes.toReversed() as RemoteChange[] }
        },
      }),
  },
  {
    name: 'deletes of what was not seen',
    story: 'a delete does not say what its author had seen',
    remote: (remote) =>
      butRemote(remote, {
        push: (entries) =>
          remote.push(entries.map((entry) => (entry.kind === 'trash' ? { ...entry, base: null, seen: null } : entry))),
      }),
  },
  {
    name: 'half a download is whole',
    story: 'a connection that is cut ends the file',
    remote: (remote) =>
      butRemote(remote, {
        async *download(version, have) {
          let isBegun = false
          try {
            for await (const piece of remote.download(version, have)) {
              isBegun = true
              yield piece
            }
          } catch (error) {
            if (!isBegun || !(error instanceof ConnectionError)) throw error
          }
        },
      }),
  },
  {
    name: 'snapshot without a sweep',
    story: 'what a snapshot does not tell stays',
    store: (store) => butWriter(store, () => ({ endSnapshot: () => 0 })),
  },
  {
    name: 'an error is an empty answer',
    story: 'a server that is down has no files (SV-08)',
    remote: (remote) =>
      butRemote(remote, {
        below: (folder) => orNothing(remote.below(folder)),
        changes: (cursor, waitMs) =>
          remote.changes(cursor, waitMs).catch((error: unknown) => {
            if (cursor === null || (error as { code?: string }).code !== 'resync-required') throw error
            return { changes: [], cursor, more: false }
          }),
      }),
  },
]

async function prune(remote: Remote, result: MutationResult): Promise<void> {
  if (result.outcome !== 'conflict') return
  await remote.push([{ id: newId(), kind: 'trash', node: result.node.id, base: null, seen: null }])
}

async function* orNothing<T>(all: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* all
  } catch {
    // Nothing came, so there is nothing.
  }
}
