import { connect } from '../db/connect.ts'
import { beginEpochs } from '../db/system/epochs.ts'
import { findDatabase, type Environment } from './operator-parts.ts'

/** `bitvault admin new-epoch`. @returns how many tenants it was done for. Throws a `StartFailure` where the database cannot be found */
export async function runNewEpoch(env: Environment): Promise<{ tenants: number }> {
  const { systemUrl, stop } = await findDatabase(env)
  const db = connect(systemUrl, { name: 'bitvault new-epoch' })
  try {
    return { tenants: await beginEpochs(db) }
  } finally {
    await db.end({ timeout: 5 })
    await stop()
  }
}
