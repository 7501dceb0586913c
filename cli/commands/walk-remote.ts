import type { Api } from '../../client/api.ts'
import type { NodeStateWire } from '../../protocol/files.ts'

/** `parts` is the path on this side; none for a folder whose contents are wanted. */
export type RemoteEntry = { node: NodeStateWire; parts: readonly string[] }

/** A file or symlink, or a folder and all below it, parents first. */
export async function* walkRemote(api: Api, root: NodeStateWire, parts: readonly string[]): AsyncIterable<RemoteEntry> {
  const open: RemoteEntry[] = [{ node: root, parts }]
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    yield entry
    if (entry.node.kind !== 'folder') continue
    const folders: RemoteEntry[] = []
    for await (const node of api.children(entry.node.id)) {
      const child = { node, parts: [...entry.parts, node.name] }
      if (node.kind === 'folder') folders.push(child)
      else yield child
    }
    open.push(...folders.toReversed())
  }
}
