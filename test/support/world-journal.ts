import { randomBytes } from 'node:crypto'
import { uuidV7, type NodeId, type TenantId } from '../../core/ids.ts'
import { noFaults } from '../../core/fault-points.ts'
import type { Mutation, Outcome } from '../../core/namespace/model.ts'
import { asTenant, type Db, type Tx } from '../../db/connect.ts'
import { JournalWriter } from '../../durable-objects/journal-writer.ts'

export type JournalPlace = { app: Db; clock: { now: number } }

/**
 * Decides and writes changes by the journal's own writer, as its object does. Each call is an owner of its own.
 * @param beforeCommit called inside each transaction, when everything is written and nothing committed
 */
export async function commitIn(
  { app, clock }: JournalPlace,
  tenant: TenantId,
  mutations: readonly Mutation[],
  beforeCommit: () => Promise<void> = async () => {},
): Promise<Outcome[]> {
  const id = () => uuidV7(clock.now, randomBytes(10))
  const transact = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    asTenant(app, tenant, async (tx) => {
      const done = await work(tx)
      await beforeCommit()
      return done
    })
  const writer = new JournalWriter({
    tenant,
    db: { transact },
    clock: () => clock.now,
    freshId: () => id() as NodeId,
    freshEpoch: id,
    mark: () => null,
    dice: () => 0,
    wait: () => Promise.resolve(),
    faults: noFaults,
    onLeaseLost: () => {},
  })
  const outcomes: Outcome[] = []
  while (outcomes.length < mutations.length)
    outcomes.push(...(await writer.write(mutations.slice(outcomes.length))).outcomes)
  return outcomes
}
