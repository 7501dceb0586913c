import { randomUUID } from 'node:crypto'
import { sha256, type Account, type Answer } from '../support/account.ts'

export type Entry = Record<string, unknown>

export const push = (who: Account, mutations: unknown): Promise<Answer> =>
  who.call('POST', '/v1/sync/push', { mutations })

export const id = (): { id: string } => ({ id: randomUUID() })

/** Entries of a push, by default in a folder that is known when they are made. */
export const entriesIn = (folder: () => string) => ({
  newFolder: (name: string, parent: unknown = folder()): Entry => ({ ...id(), kind: 'create-folder', parent, name }),
  /** A small file, its content inline. */
  text: (name: string, words: string, more: Entry = {}): Entry => ({
    ...id(),
    kind: 'write',
    target: { parent: folder(), name },
    size: Buffer.byteLength(words),
    sha256: sha256(words),
    content: { inline: Buffer.from(words).toString('base64') },
    ...more,
  }),
})
