import { findManifestFault } from '../content.ts'
import { AppError } from '../errors.ts'
import { freeCopyName } from './free-name.ts'
import { linkTargetOf } from './link-target.ts'
import type { NodeState, Outcome, WriteFile } from './model.ts'
import { requirePrecondition } from './precondition.ts'
import { folderOf, revive } from './revive.ts'
import {
  deadAbove,
  inTrash,
  isLive,
  requireActive,
  requireMine,
  requireName,
  resolveRef,
  type Active,
} from './rules.ts'
import { addNode, addVersion, meetOther, type Write } from './stale-write.ts'
import { standIn } from './stand-in.ts'
import { findSources, isSameContent, storeContent, storeVersion, type ContentState } from './store-content.ts'
import { childOf, isDamaged, putNode, type View } from './view.ts'

/** `existing` may be in the trash: then this write is an edit that met a delete. */
type Found = { parent: NodeState; name: string; existing: NodeState | null }

/**
 * A new file or symlink, a new version, or - when the base is stale - what the folder's policy says (P2): never an overwrite
 * of what the writer had not seen. What was deleted meanwhile comes back (P3).
 * @throws session-revoked, upload-expired, name-invalid, not-found, forbidden, in-trash, not-a-folder, not-a-file, content-mismatch,
 *   invalid-request, precondition-failed, chunk-unavailable, name-taken
 */
export function writeFile(view: View, mutation: WriteFile): Outcome {
  const principal = requireActive(view, mutation)
  requireOpenUpload(view, mutation)
  const place = findPlace(view, principal, mutation)
  const content = requireContent(mutation)
  const { existing } = place
  const isDead = existing !== null && !isLive(view, existing)
  if (mutation.precondition) requirePrecondition(mutation.precondition, isDead ? null : existing)
  const isSame = existing !== null && existing.kind === mutation.nodeKind && isSameContent(existing, content)
  // Bytes that are in quarantine are not there: whoever sends them again mends the file, however old the base is.
  if (isSame && !isDamaged(view, existing)) {
    if (isDead) return revived(revive(view, mutation, principal, existing, null))
    return keepBytes(view, mutation, existing)
  }
  const write: Write = { ...place, mutation, principal, content, sources: findSources(view, mutation) }
  if (!existing) return applied(addNode(view, write, null))
  const isNext = isSame || (existing.kind === mutation.nodeKind && isCurrent(mutation, existing))
  if (isDead) return isNext ? bringBack(view, write, existing) : addInPlaceOf(view, write, existing)
  return isNext ? applied(addVersion(view, write, existing)) : meetOther(view, write, existing)
}

const applied = (node: NodeState): Outcome => ({ outcome: 'applied', seq: node.changedSeq, node })
const revived = (node: NodeState): Outcome => ({ outcome: 'applied', seq: node.changedSeq, node, notice: 'revived' })

function requireOpenUpload(view: View, { uploadId, actor }: WriteFile): void {
  if (uploadId === null) return
  const upload = view.facts.uploads.get(uploadId)
  if (!upload || upload.userId !== actor.userId)
    throw new AppError('not-found', { field: 'uploadId', detail: 'no such upload' })
  if (upload.state === 'expired' || upload.expiresAt <= view.now)
    throw new AppError('upload-expired', { field: 'uploadId' })
}

function findPlace(view: View, principal: Active, { target, base }: WriteFile): Found {
  if ('node' in target) {
    const existing = requireMine(view, principal, target.node, 'target/node')
    if (existing.kind === 'folder')
      throw new AppError('not-a-file', { field: 'target/node', detail: 'only files have content' })
    return { parent: folderOf(view, existing), name: existing.name, existing }
  }
  const name = requireName(target.name, 'target/name')
  const parent = requireMine(view, principal, resolveRef(view, target.parent, 'target/parent'), 'target/parent')
  if (parent.kind !== 'folder')
    throw new AppError('not-a-folder', { field: 'target/parent', detail: 'the parent is no folder' })
  const dead = deadAbove(view, parent)
  const existing = childOf(view, parent.id, name)
  // Only an edit beats the delete of a folder. What is new has to find a folder that lives (FD-02).
  if (dead && (base === 0 || existing === null || existing.kind === 'folder')) throw inTrash('target/parent', dead)
  return { parent, name, existing }
}

function requireContent(mutation: WriteFile): ContentState {
  const fault = findManifestFault(mutation.content)
  if (fault) throw new AppError('content-mismatch', fault)
  const { size, sha256, contentId, codec } = mutation.content
  const { mtimeNs, executable } = mutation
  return { size, sha256, contentId, codec, mtimeNs, executable, linkTarget: linkTargetOf(mutation) }
}

/** The writer has seen the present content: it says so by its base, or by an entity tag that was just found to hold. */
const isCurrent = ({ base, precondition }: WriteFile, existing: NodeState): boolean =>
  base === existing.contentRevision || (precondition !== undefined && 'ifMatch' in precondition)

/** The bytes are there already: nothing to store, and no conflict however old the base is (I21). */
function keepBytes(view: View, mutation: WriteFile, existing: NodeState): Outcome {
  const asked = { mtimeNs: mutation.mtimeNs ?? existing.mtimeNs, executable: mutation.executable }
  const unchanged = asked.mtimeNs === existing.mtimeNs && asked.executable === existing.executable
  if (unchanged || !isCurrent(mutation, existing)) return applied(existing)
  return applied(putNode(view, mutation, 'updated', { ...existing, ...asked }))
}

/** The edit of what was deleted meanwhile: it lives on, with these bytes. */
function bringBack(view: View, write: Write, dead: NodeState): Outcome {
  const { mutation, principal, content } = write
  const node = revive(view, mutation, principal, dead, { content, writtenBytes: mutation.content.size })
  storeContent(view, mutation, write.sources)
  storeVersion(view, principal, node, { content: mutation.id, baseRevision: mutation.base, conflictOf: null })
  return revived(node)
}

/**
 * The edit of what was changed and then deleted: whoever deleted it had seen the change, so that stays in the trash, and these
 * bytes live in its place.
 */
function addInPlaceOf(view: View, write: Write, dead: NodeState): Outcome {
  const { mutation, principal, name } = write
  const parent = standIn(view, mutation, write.parent)
  const free = childOf(view, parent.id, name) ? freeCopyName(view, principal, parent, name) : name
  const node = addNode(view, { ...write, parent, name: free }, dead)
  return { outcome: 'conflict', seq: node.changedSeq, node, original: dead.id }
}
