import type { Api } from '../api.ts'
import type { NodeStateWire } from '../../protocol/files.ts'
import type { Skipped, UploadItem } from './events.ts'

/** What a walk finds, parents before their children. `parts` is the path below the destination, at least one name. */
export type WalkEntry =
  | { kind: 'folder'; path: string; parts: readonly string[] }
  | { kind: 'file'; path: string; parts: readonly string[]; sizeBytes: number; mtimeNs: string; executable: boolean }
  | ({ kind: 'skipped' } & Skipped)

export type PlanOptions = {
  onSkipped: (skipped: Skipped) => void
  onFolder?: (folder: NodeStateWire, created: boolean) => void
}

/**
 * Turns a walk into uploads below `destination`: makes the folders that are missing, in batches, and looks up what the target
 * holds already. Feed the result to `uploadTree`.
 */
export async function* planTree(
  _api: Api,
  _destination: NodeStateWire,
  _entries: AsyncIterable<WalkEntry>,
  _options: PlanOptions,
): AsyncIterable<UploadItem> {
  throw new Error('being written')
}
