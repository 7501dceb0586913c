import type { FaultPoint } from '../../core/fault-points.ts'
import type { Workerd } from '../../embedded/workerd.ts'
import type { FaultController } from '../support/fault-controller.ts'
import type { Inspector } from './inspector.ts'

export type KillRequest = {
  faults: FaultController
  worker: Workerd
  inspector: Inspector
  point: FaultPoint
  /** Which arrival at the point. */
  nth?: number
}

/**
 * Kills the process while it stands at a point, and starts it again. The claims that it held are over at once, as they
 * would be after their lease.
 * @returns settles when it runs again; rejects when nobody came to the point
 */
export async function killAt({ faults, worker, inspector, point, nth = 1 }: KillRequest): Promise<void> {
  const hold = faults.hold(point, nth)
  try {
    await hold.arrived
    await worker.kill9()
  } finally {
    hold.release()
  }
  await inspector.endClaims()
  await worker.restart()
}
