import { noFaults, type Faults } from '../core/fault-points.ts'

/**
 * Named points between any two steps of the critical flows. In production nothing is bound and a point costs nothing; the fault
 * tests bind `FAULTS` to a server of theirs, which may hold the answer and kill the process meanwhile.
 */
export function faultsOf(env: Env): Faults {
  const controller = (env as unknown as { FAULTS?: Fetcher }).FAULTS
  if (!controller) return noFaults
  return async (point) => {
    const answer = await controller.fetch(`http://faults/at/${point}`, { method: 'POST' })
    await answer.body?.cancel()
  }
}
