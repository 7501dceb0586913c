import { connect } from '../db/connect.ts'
import { audit, type AuditReport } from '../db/system/audit.ts'
import { s3ObjectStore } from '../storage/s3/s3-object-store.ts'
import { findParts, type Environment } from './operator-parts.ts'

const HOUR_MS = 3_600_000
/** As the audit asks: one holds the rows, one looks things up. */
const CONNECTIONS = 3

/**
 * `bitvault admin audit`: compares the database with the bucket.
 * @param now Unix milliseconds. Throws a `StartFailure` where the parts cannot be found
 */
export async function runAudit(env: Environment, now: number): Promise<AuditReport> {
  const parts = await findParts(env)
  const db = connect(parts.systemUrl, { max: CONNECTIONS, name: 'bitvault audit' })
  try {
    const graceMs = Number(env['GC_GRACE_MS'] || HOUR_MS)
    return await audit({ db, store: s3ObjectStore(parts.s3), now, graceMs })
  } finally {
    await db.end({ timeout: 5 })
    await parts.stop()
  }
}
