import type { MutationId, NodeId, Sha256 } from '../../core/ids.ts'
import type {
  Item,
  ItemContent,
  ItemId,
  LocalState,
  RemoteState,
  Stamp,
  SyncedState,
} from '../../core/reconcile/item.ts'

/** States of items, with what matters to a test given and the rest filled in. */
export const nodeId = (number: number): NodeId =>
  `0197a000-0000-7000-8000-${number.toString(16).padStart(12, '0')}` as NodeId
export const localId = (number: number): ItemId => `local:${number}` as ItemId
export const ROOT = nodeId(0)

export const sha = (seed: number | string): Sha256 =>
  Buffer.from(String(seed)).toString('hex').slice(0, 64).padEnd(64, '0') as Sha256
export const fileOf = (seed: number | string): ItemContent => ({
  kind: 'file',
  sha256: sha(seed),
  size: String(seed).length,
  executable: false,
})
export const FOLDER: ItemContent = { kind: 'folder' }

type At = { parent?: ItemId; name: string; content?: ItemContent; revision?: number; ino?: number }

export const stampOf = ({ ino = 1 }: { ino?: number }): Stamp => ({
  ino: String(ino),
  size: 3,
  mtimeNs: '1760000000123456789',
  ctimeNs: '1760000000123456790',
})

export const remoteState = ({ parent = ROOT, name, content = fileOf(1), revision = 1 }: At): RemoteState => ({
  place: { parent, name },
  content,
  contentRevision: revision,
  placementRevision: 1,
  mtimeNs: '1760000000000000000',
})

export const localState = (at: At & Partial<LocalState>): LocalState => ({
  place: { parent: at.parent ?? ROOT, name: at.name },
  kind: at.kind ?? at.content?.kind ?? 'file',
  stamp: at.stamp ?? stampOf(at),
  content: at.content === undefined ? fileOf(1) : at.content,
  isSettled: at.isSettled ?? true,
})

export const syncedState = (at: At): SyncedState => ({
  place: { parent: at.parent ?? ROOT, name: at.name },
  localName: at.name,
  content: at.content ?? fileOf(1),
  contentRevision: at.revision ?? 1,
  placementRevision: 1,
  stamp: stampOf(at),
})

/** All three, as one. */
export const settled = (at: At): Pick<Item, 'remote' | 'local' | 'synced'> => ({
  remote: remoteState(at),
  local: localState(at),
  synced: syncedState(at),
})

export const mutationOf = (number: number): MutationId => nodeId(number) as string as MutationId
