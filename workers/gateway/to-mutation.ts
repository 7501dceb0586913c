import { canonicalManifest, INLINE_MAX_BYTES, type Content } from '../../core/content.ts'
import { AppError } from '../../core/errors.ts'
import type { MutationId } from '../../core/ids.ts'
import type { Mutation, Place, WriteFile } from '../../core/namespace/model.ts'
import type { Precondition } from '../../core/namespace/precondition.ts'
import { requireName } from '../../core/namespace/rules.ts'
import { actorOf, type Call } from './call.ts'
import { canonicalJson } from './canonical-json.ts'
import { sha256Hex } from './hash.ts'

type Stamp = 'id' | 'fingerprint' | 'actor' | 'traceparent' | 'precondition'
type Stamped = Exclude<Mutation, { kind: 'create-folder' | 'write-file' }>
/** What a mutation says, whoever makes it. */
export type Fields = Stamped extends infer M ? (M extends Stamped ? Omit<M, Stamp> : never) : never

export type MutationOptions = {
  /**
   * What the request said, where the server has filled in the rest from the present tree: a repeated request is the same change, though
   * the tree is another by then.
   */
  asked?: unknown
  precondition?: Precondition | undefined
}

/**
 * A mutation as the journal takes it. Its fingerprint names the user: the answer to a change is for whoever made it (T11). It is the same
 * for one change, be it made alone or in a push.
 */
export function toMutation(
  call: Call,
  id: string,
  fields: Fields,
  { asked = fields, precondition }: MutationOptions = {},
): Mutation {
  const actor = actorOf(call)
  return {
    ...fields,
    id: id as MutationId,
    fingerprint: sha256Hex(canonicalJson([fields.kind, actor.userId, asked])),
    actor,
    traceparent: call.span.traceparent(),
    ...(precondition ? { precondition } : {}),
  }
}

type Link = { target: WriteFile['target']; base: number; linkTarget: string; mtimeNs?: string | undefined }

/** A symlink is a small file whose content is its target (docs/spec/http-api.md). @throws name-invalid, invalid-request */
export function toSymlink(call: Call, id: string, link: Link, precondition?: Precondition): WriteFile {
  const { base, linkTarget, mtimeNs = null } = link
  const target =
    'node' in link.target ? link.target : { ...link.target, name: requireName(link.target.name, 'target/name') }
  const bytes = Buffer.from(linkTarget)
  if (bytes.byteLength > INLINE_MAX_BYTES)
    throw new AppError('invalid-request', { field: 'linkTarget', detail: `at most ${INLINE_MAX_BYTES} bytes of UTF-8` })
  const held = { held: 'inline', inline: bytes.toString('base64') } as const
  const content: Content = { codec: 'raw', size: bytes.byteLength, sha256: sha256Hex(bytes), ...held }
  const actor = actorOf(call)
  return {
    kind: 'write-file',
    nodeKind: 'symlink',
    id: id as MutationId,
    fingerprint: sha256Hex(canonicalJson(['symlink', actor.userId, target, base, linkTarget, mtimeNs])),
    actor,
    traceparent: call.span.traceparent(),
    uploadId: null,
    target,
    base,
    ...(precondition ? { precondition } : {}),
    content: { ...content, contentId: sha256Hex(canonicalManifest(content)) },
    staged: {},
    mtimeNs,
    executable: false,
  }
}

/** @throws name-invalid: Postgres could not even be asked about some names */
export const namedPlace = (place: Place, field: string): Place => ({
  parent: place.parent,
  name: requireName(place.name, field),
})
