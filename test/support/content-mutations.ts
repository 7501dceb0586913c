import type { MutationId, NodeId } from '../../core/ids.ts'
import type {
  Choice,
  ConflictPolicy,
  LabelVersion,
  ResolveConflict,
  RestoreVersion,
  SetAttributes,
  WriteFile,
} from '../../core/namespace/model.ts'
import { common, write } from './namespace-world.ts'

export const symlink = (id: string, target: WriteFile['target'], base: number, linkTarget: string): WriteFile => ({
  ...write(id, target, base, linkTarget),
  nodeKind: 'symlink',
})

type Asked = Pick<SetAttributes, 'mtimeNs' | 'executable' | 'properties' | 'conflictPolicy'>

export const setAttributes = (id: string, node: NodeId, asked: Asked): SetAttributes => ({
  ...common(id),
  kind: 'set-attributes',
  node,
  ...asked,
})

export const setPolicy = (id: string, node: NodeId, conflictPolicy: ConflictPolicy | null): SetAttributes =>
  setAttributes(id, node, { conflictPolicy })

export const restoreVersion = (
  id: string,
  node: NodeId,
  revision: number,
  base: number | null = null,
): RestoreVersion => ({ ...common(id), kind: 'restore-version', node, revision, base })

export const labelVersion = (id: string, node: NodeId, revision: number, label: string | null): LabelVersion => ({
  ...common(id),
  kind: 'label-version',
  node,
  revision,
  label,
})

/** @param conflict the id of the mutation that met it */
export const resolve = (id: string, conflict: string, choice: Choice, base: number | null = null): ResolveConflict => ({
  ...common(id),
  kind: 'resolve-conflict',
  conflict: conflict as MutationId,
  choice,
  base,
})
