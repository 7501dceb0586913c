import type { NodeId } from '../../core/ids.ts'
import type { Mutation, WriteFile } from '../../core/namespace/model.ts'
import type { ItemContent } from '../../core/reconcile/item.ts'
import type { RemoteStep } from '../../core/reconcile/step.ts'
import { common, write } from './namespace-world.ts'

/** @param seen the seq up to which the device knew the journal */
export type Sending = { id: string; seen: number; textOf(sha256: string): string }

/** What a device sends for a step. */
export function mutationOf(step: RemoteStep, sending: Sending): Mutation {
  switch (step.do) {
    case 'create-remote-folder': {
      const { parent, name } = step.place
      return { ...common(sending.id), kind: 'create-folder', parent: parent as NodeId, name, ifExists: 'keep' }
    }
    case 'upload-new':
      return upload(sending, { parent: step.place.parent as NodeId, name: step.place.name }, 0, step.content)
    case 'upload-version':
      return upload(sending, { node: step.item as NodeId }, step.base, step.content)
    case 'move-remote': {
      const to = { parent: step.to.parent as NodeId, name: step.to.name }
      return {
        ...common(sending.id),
        kind: 'move',
        node: step.item as NodeId,
        to,
        base: step.base,
        ifExists: 'keep-both',
        seen: null,
      }
    }
    case 'trash-remote': {
      const base = step.base === 0 ? null : step.base
      return {
        ...common(sending.id),
        kind: 'trash',
        node: step.item as NodeId,
        base,
        seen: base === null ? sending.seen : null,
      }
    }
    case 'set-executable-remote':
      return { ...common(sending.id), kind: 'set-attributes', node: step.item as NodeId, executable: step.executable }
  }
}

function upload({ id, textOf }: Sending, target: WriteFile['target'], base: number, content: ItemContent): WriteFile {
  if (content.kind === 'symlink') return { ...write(id, target, base, content.target), nodeKind: 'symlink' }
  if (content.kind === 'folder') throw new Error('a folder has no bytes')
  return { ...write(id, target, base, textOf(content.sha256)), executable: content.executable }
}
