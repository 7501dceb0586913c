import type { Consume } from '../../core/event-bus.ts'
import type { Faults } from '../../core/fault-points.ts'
import { connect, type Db } from '../../db/connect.ts'
import { openStore, readConfig } from '../../durable-objects/config.ts'
import { faultsOf } from '../../durable-objects/faults.ts'
import { telemetryOf } from '../../durable-objects/telemetry.ts'
import type { Logger } from '../../telemetry/log.ts'
import { consumers } from './consumers.ts'

export type OpenConsumers = {
  db: Db
  consume: Consume
  faults: Faults
  graceMs: number
  log: Logger
  flush: () => Promise<void>
}

/** The consumers over what the environment names. The connection belongs to the request or object that calls this. */
export function openConsumers(env: Env): OpenConsumers {
  const config = readConfig(env)
  const { tracer, log, flush } = telemetryOf('consumer', config)
  const faults = faultsOf(env)
  const graceMs = config.gcGraceMs
  const db = connect(config.systemDatabaseUrl, { max: 1, idleSeconds: 5, name: 'bitvault-consumers' })
  const store = openStore(config)
  return {
    db,
    consume: consumers({ db, store, now: Date.now, graceMs, faults, tracer, log }),
    faults,
    graceMs,
    log,
    flush,
  }
}
