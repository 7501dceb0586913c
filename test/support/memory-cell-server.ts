import { createHash } from 'node:crypto'
import { canonicalManifest, type Content } from '../../core/content.ts'
import type { MutationId, Sha256 } from '../../core/ids.ts'
import type { Actor, Mutation, WriteFile } from '../../core/namespace/model.ts'
import type { CellServer, Change, Hand } from './conflict-stages.ts'
import { ANNA, BEN, world } from './namespace-world.ts'

const ACTORS: Record<Hand, Actor> = { first: ANNA, second: BEN }

/** The pure function on the server in memory: Anna is first, Ben second, and both are managers. */
export function memoryCellServer() {
  const w = world()
  w.setRoles({ [w.space]: 'manager' }, BEN.userId)
  let ids = 0
  const server: CellServer = {
    root: w.root,
    newId: () => `m${++ids}` as MutationId,
    commit: async (by, id, change) => w.commit(toMutation(ACTORS[by], id, change))[0]!,
  }
  return { ...w, cells: server }
}

function toMutation(actor: Actor, id: MutationId, change: Change): Mutation {
  const common = { id, fingerprint: `f-${id}`, actor, traceparent: null }
  if (change.kind !== 'write-file') return { ...common, ...change }
  const { text, ...write } = change
  return { ...common, ...write, ...contentOf(text), uploadId: null, staged: {}, mtimeNs: null, executable: false }
}

function contentOf(text: string): Pick<WriteFile, 'content'> {
  const bytes = Buffer.from(text)
  const content: Content = {
    codec: 'raw',
    size: bytes.length,
    sha256: hashOf(bytes),
    held: 'inline',
    inline: bytes.toString('base64'),
  }
  return { content: { ...content, contentId: hashOf(canonicalManifest(content)) } }
}

const hashOf = (bytes: string | Uint8Array): Sha256 => createHash('sha256').update(bytes).digest('hex') as Sha256
