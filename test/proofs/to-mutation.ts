import type { Content } from '../../core/content.ts'
import type { MutationId } from '../../core/ids.ts'
import type { Actor, Mutation } from '../../core/namespace/model.ts'
import type { PushEntry } from '../../protocol/mutations.ts'
import { sha256 } from '../support/account.ts'
import { canonicalManifest } from '../../core/content.ts'

/** An entry of a push as the decision takes it: written anew here, so that the server's own translation is tested too. */
export function toMutation(entry: PushEntry, actor: Actor): Mutation {
  const { id, ...asked } = entry
  const common = { id: id as MutationId, fingerprint: JSON.stringify(asked), actor, traceparent: null }
  if (entry.kind !== 'write' && entry.kind !== 'symlink') return { ...asked, ...common } as Mutation
  const inline = entry.kind === 'symlink' ? Buffer.from(entry.linkTarget).toString('base64') : inlineOf(entry)
  const bytes = Buffer.from(inline, 'base64')
  const content = { codec: 'raw', size: bytes.length, sha256: sha256(bytes), held: 'inline', inline } as Content
  return {
    ...common,
    kind: 'write-file',
    nodeKind: entry.kind === 'symlink' ? 'symlink' : 'file',
    uploadId: null,
    target: entry.target,
    base: entry.base,
    content: { ...content, contentId: sha256(canonicalManifest(content)) },
    staged: {},
    mtimeNs: entry.mtimeNs ?? null,
    executable: entry.kind === 'write' && entry.executable,
  } as Mutation
}

function inlineOf({ content }: PushEntry & { kind: 'write' }): string {
  if (!('inline' in content)) throw new Error('the model takes inline contents only')
  return content.inline
}
