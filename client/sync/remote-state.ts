import { AppError } from '../../core/errors.ts'
import type { NodeId, Sha256 } from '../../core/ids.ts'
import type { ItemContent, RemoteState } from '../../core/reconcile/item.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

/** What a node of the server holds, as a device sees it. @throws AppError internal: the server left out what every node of the kind has */
export function contentOfNode(node: NodeStateWire): ItemContent {
  switch (node.kind) {
    case 'folder':
      return { kind: 'folder' }
    case 'symlink':
      return { kind: 'symlink', target: required(node.linkTarget) }
    case 'file': {
      const { sha256, size, executable } = node
      return { kind: 'file', sha256: required(sha256) as Sha256, size: required(size), executable }
    }
  }
}

/** @throws AppError internal, also for the root of a space: it is nobody's child, and no item */
export function remoteStateOf(node: NodeStateWire): RemoteState {
  const { name, contentRevision, placementRevision, mtimeNs } = node
  const place = { parent: required(node.parentId) as NodeId, name }
  return { place, content: contentOfNode(node), contentRevision, placementRevision, mtimeNs }
}

/** Told late: what is known already is what became of it (NW-04). Within one epoch revisions only rise. */
export const isOlderThan = (node: NodeStateWire, known: RemoteState): boolean =>
  node.contentRevision < known.contentRevision || node.placementRevision < known.placementRevision

function required<T>(value: T | null): T {
  if (value === null) throw new AppError('internal', { detail: 'the server left out a part of a node' })
  return value
}
