import { DurableObject } from 'cloudflare:workers'
import { nextWakeMs } from '../bus/next-wake.ts'
import { drain } from '../bus/postgres/drain.ts'
import { isRetryable } from '../core/errors.ts'
import type { Consume } from '../core/event-bus.ts'
import type { Faults } from '../core/fault-points.ts'
import type { Db } from '../db/connect.ts'
import { rescheduleMissed } from '../db/system/garbage.ts'
import { scheduleRetention } from '../db/system/retention.ts'
import type { Logger } from '../telemetry/log.ts'
import { toAppError } from './database-failure.ts'

/** What a pump works with, opened once in the life of the object. */
export type PumpWorld = {
  /** Of the system role; held by the object, given back by the driver when idle. */
  db: Db
  consume: Consume
  faults: Faults
  graceMs: number
  /** How often each tenant is tended. */
  retentionEveryMs: number
  log: Logger
  /** Sends the spans that have ended. */
  flush: () => Promise<void>
}

const MEND_EVERY_MS = 300_000
const MEND_LIMIT = 1_000
const MENDED_AT = 'mendedAt'

/**
 * Where there are no queues (embedded, self-hosted), this object is what empties the outbox. A shell: an alarm wakes it, it
 * drains, and it sets the next alarm (bus/next-wake.ts). Alarms outlive the process, and the claims are in Postgres, so
 * everything here may be lost at any moment; and any number of pumps may run at once.
 *
 * The consumers belong to a layer above: `open` is filled in by workers/queue-consumers/outbox-pump.ts.
 */
export abstract class OutboxPumpObject<E> extends DurableObject<E> {
  #world: PumpWorld | null = null
  #isRunning = false
  #isPoked = false
  #armedMs = Infinity
  #failures = 0

  protected abstract open(env: E): PumpWorld

  /** There is something to do, or there may be. Cheap: a poke during a run or before a near alarm writes nothing. */
  async poke(): Promise<void> {
    this.#isPoked = true
    if (!this.#isRunning) await this.#arm(Date.now())
  }

  override async alarm(): Promise<void> {
    this.#armedMs = Infinity
    this.#isPoked = false
    this.#isRunning = true
    const world = (this.#world ??= this.open(this.env))
    try {
      const next = await this.#run(world)
      this.#isRunning = false
      await this.#arm(this.#isPoked ? Date.now() : next)
    } finally {
      this.#isRunning = false
    }
    this.ctx.waitUntil(world.flush())
  }

  /** @returns when to wake next; never throws, since an alarm that keeps failing is given up by the runtime */
  async #run(world: PumpWorld): Promise<number> {
    try {
      const { db, consume, faults } = world
      await this.#mend(world)
      const { isBusy, nextDueMs } = await drain({ db, consume, faults, now: Date.now, dice: Math.random })
      this.#failures = 0
      return nextWakeMs({ nowMs: Date.now(), nextDueMs, isBusy, failures: 0, dice: Math.random() })
    } catch (error) {
      this.#failures += 1
      // Its connection may be lost, and what the driver remembers of a lost connection must not meet the next run.
      this.#world = null
      void world.db.end({ timeout: 5 }).catch(() => undefined)
      logFailure(world.log, error, this.#failures)
      const facts = { nextDueMs: null, isBusy: false, failures: this.#failures, dice: Math.random() }
      return nextWakeMs({ nowMs: Date.now(), ...facts })
    }
  }

  async #mend({ db, graceMs, retentionEveryMs }: PumpWorld): Promise<void> {
    const nowMs = Date.now()
    const mendedAt = await this.ctx.storage.get<number>(MENDED_AT)
    if (mendedAt !== undefined && nowMs - mendedAt < MEND_EVERY_MS) return
    await rescheduleMissed(db, { nowMs, graceMs, limit: MEND_LIMIT })
    await scheduleRetention(db, { nowMs, everyMs: retentionEveryMs, limit: MEND_LIMIT })
    await this.ctx.storage.put(MENDED_AT, nowMs)
  }

  async #arm(atMs: number): Promise<void> {
    if (this.#armedMs <= atMs) return
    const armed = await this.ctx.storage.getAlarm()
    if (armed === null || armed > atMs) await this.ctx.storage.setAlarm(atMs)
    this.#armedMs = Math.min(armed ?? Infinity, atMs)
  }
}

function logFailure(log: Logger, thrown: unknown, attempt: number): void {
  const { code, cause } = toAppError(thrown)
  if (isRetryable(code)) log.retried('outbox.retried', code, cause ?? thrown, { attempt })
  else log.error('outbox.failed', code, cause ?? thrown, { attempt })
}
