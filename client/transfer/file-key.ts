import { sha256Of } from '../content/sha256.ts'
import type { UploadItem } from './events.ts'

/** Names a file on its way to a target, for the journal: the same arguments and the same file give the same key. */
export function fileKey(item: UploadItem): string {
  const target = 'node' in item.target ? [item.target.node] : [item.target.parent, item.target.name]
  return sha256Of(Buffer.from(JSON.stringify([item.path, item.sizeBytes, item.mtimeNs, item.executable, ...target])))
}
