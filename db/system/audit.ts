import { invariant } from '../../core/errors.ts'
import type { ObjectStore } from '../../core/object-store.ts'
import type { Db } from '../connect.ts'
import { compareBucket } from './audit-bucket.ts'
import { DATABASE_CHECKS, runCheck } from './audit-checks.ts'
import type { AuditCheck, Finding } from './audit-finding.ts'

/**
 * Compares Postgres with a full listing of the bucket, and Postgres with itself. Why the system's: a bucket has no tenants.
 * It may run while the service works: what looks wrong is looked at again before it is reported.
 */
export type AuditOptions = {
  /** Of the system role, with at least two connections: one holds the rows, one looks things up. */
  db: Db
  store: ObjectStore
  /** Unix milliseconds. */
  now: number
  graceMs: number
}

export type AuditReport = {
  clean: boolean
  /** Objects of the listing. */
  objects: number
  /** Objects that chunk rows name. */
  namedObjects: number
  findings: Record<AuditCheck, Finding>
  /** Messages that were given up: no fault of the data, but somebody's to look at. */
  deadLetters: number
}

/** Streams both sides; memory does not grow with the bucket. Throws `store-unavailable` and what Postgres throws. */
export async function audit({ db, store, now, graceMs }: AuditOptions): Promise<AuditReport> {
  invariant(db.options.max >= 2, 'the audit needs two connections')
  const overdueMs = now - 2 * graceMs
  const bucket = await compareBucket({ db, store, overdueMs })
  const findings = { ...bucket.findings } as Record<AuditCheck, Finding>
  for (const [name, statement] of Object.entries(DATABASE_CHECKS)) {
    findings[name as AuditCheck] = await runCheck(db, statement, overdueMs)
  }
  const [dead] = await db<{ count: number }[]>`select count(*)::float8 as count from dead_letters`
  return {
    clean: Object.values(findings).every(({ count }) => count === 0),
    objects: bucket.objects,
    namedObjects: bucket.namedObjects,
    findings,
    deadLetters: dead!.count,
  }
}
