import type { Consume } from '../../core/event-bus.ts'
import type { Faults } from '../../core/fault-points.ts'
import { uuidV7, type TenantId } from '../../core/ids.ts'
import type { Mutation } from '../../core/namespace/model.ts'
import { connect, type Db } from '../../db/connect.ts'
import { openStore, readConfig } from '../../durable-objects/config.ts'
import { faultsOf } from '../../durable-objects/faults.ts'
import { unwrap } from '../../durable-objects/reply.ts'
import { telemetryOf } from '../../durable-objects/telemetry.ts'
import type { Logger } from '../../telemetry/log.ts'
import { journalOf } from '../gateway/places.ts'
import { consumers } from './consumers.ts'

export type OpenConsumers = {
  db: Db
  consume: Consume
  faults: Faults
  graceMs: number
  /** How often each tenant is tended. */
  retentionEveryMs: number
  log: Logger
  flush: () => Promise<void>
}

/** The consumers over what the environment names. The connection belongs to the request or object that calls this. */
export function openConsumers(env: Env): OpenConsumers {
  const config = readConfig(env)
  const { tracer, log, flush } = telemetryOf('consumer', config)
  const faults = faultsOf(env)
  const { gcGraceMs: graceMs, retentionEveryMs } = config
  const keepJournal = { ms: config.journalKeepMs, entries: config.journalKeepEntries }
  const db = connect(config.systemDatabaseUrl, { max: 1, idleSeconds: 5, name: 'bitvault-consumers' })
  const store = openStore(config)
  const freshId = () => uuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)))
  const commit = async (tenantId: TenantId, mutations: Mutation[]) =>
    unwrap(await journalOf(env, tenantId).commit(mutations))
  const deps = { db, store, now: Date.now, graceMs, faults, tracer, log, commit, freshId, keepJournal }
  return {
    db,
    consume: consumers(deps),
    faults,
    graceMs,
    retentionEveryMs,
    log,
    flush,
  }
}
