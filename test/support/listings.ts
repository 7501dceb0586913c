import type { NodeId } from '../../core/ids.ts'
import type { NodeState } from '../../core/namespace/model.ts'
import type { ItemContent, RemoteState } from '../../core/reconcile/item.ts'
import type { NamespaceServer } from './namespace-server.ts'

/** One line: `folder/`, `file = its text`, `program* = …`, `link -> …`, `unread?`. */
export const describe = (path: string, content: ItemContent | null): string => {
  switch (content?.kind) {
    case undefined:
      return `${path}?`
    case 'folder':
      return `${path}/`
    case 'symlink':
      return `${path} -> ${content.target}`
    case 'file':
      return `${path}${content.executable ? '*' : ''} = ${textOf(content.sha256)}`
  }
}

/** The other way of `hash`. */
const textOf = (sha256: string): string => Buffer.from(sha256, 'hex').toString('utf8').replace(/\.+$/, '')

export function remoteState(node: NodeState): RemoteState {
  return {
    place: { parent: node.parentId!, name: node.name },
    content:
      node.kind === 'folder'
        ? { kind: 'folder' }
        : node.kind === 'symlink'
          ? { kind: 'symlink', target: node.linkTarget! }
          : { kind: 'file', sha256: node.sha256!, size: node.size!, executable: node.executable },
    contentRevision: node.contentRevision,
    placementRevision: node.placementRevision,
    mtimeNs: node.mtimeNs,
  }
}

/** What lives on the server, as `listing` tells it. */
export function serverListing(server: NamespaceServer, root: NodeId): string[] {
  const lines: string[] = []
  const folders = [root]
  for (const folder of folders)
    for (const node of server.children(folder)) {
      lines.push(describe(server.path(node.id), remoteState(node).content))
      if (node.kind === 'folder') folders.push(node.id)
    }
  return lines.sort()
}
