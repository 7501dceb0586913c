import type { Device } from '../../core/reconcile/device.ts'
import { TwoSidesWorld, type BaseTree, type Change } from './two-sides.ts'

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
