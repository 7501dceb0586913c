import type { Device } from '../../core/reconcile/device.ts'
import type { NodeId } from '../../core/ids.ts'
import type { Item, ItemId } from '../../core/reconcile/item.ts'
import { hash } from './namespace-world.ts'
import type { BaseTree, Change } from './tree-changes.ts'
import { TwoSidesWorld } from './two-sides.ts'

/** Short words for what people do, on either side. */
export const CASES = {
  edit: (path: string, text: string): Change => ({ do: 'edit', path, text }),
  create: (path: string, text: string): Change => ({ do: 'create', path, text }),
  mkdir: (path: string): Change => ({ do: 'mkdir', path }),
  move: (from: string, to: string): Change => ({ do: 'move', from, to }),
  remove: (path: string): Change => ({ do: 'delete', path }),
  chmod: (path: string): Change => ({ do: 'chmod', path }),
}

/** A tree that both sides had, and what each did to it. */
export const sides = (
  base: BaseTree,
  local: readonly Change[],
  remote: readonly Change[],
  device: Partial<Device> = {},
): TwoSidesWorld => new TwoSidesWorld({ base, local, remote, device })

/** More of it, when both had come to rest. */
export function inTurn(world: TwoSidesWorld, local: readonly Change[], remote: readonly Change[]): void {
  for (const change of remote) world.changeThere(change)
  for (const change of local) world.changeHere(change)
}

/** A file that is the same on both sides, with its name as text. */
export function settledFile(id: string, parent: ItemId, name: string): Item {
  const content = { kind: 'file', sha256: hash(name), size: name.length, executable: false } as const
  const stamp = { ino: id, size: content.size, mtimeNs: '1', ctimeNs: '1' }
  const place = { parent, name }
  const revisions = { contentRevision: 1, placementRevision: 1 }
  return {
    id: id as NodeId,
    remote: { place, content, ...revisions, mtimeNs: null },
    local: { place, kind: 'file', content, stamp, isSettled: true },
    synced: { place, localName: name, content, stamp, ...revisions },
    blocked: null,
    pending: null,
  }
}
