import { AppError } from '../core/errors.ts'
import type { TenantId } from '../core/ids.ts'
import { asTenant, connect, type ConnectOptions, type Db, type Manner, type Tx } from '../db/connect.ts'
import { failureOf } from './database-failure.ts'
import { wait } from './wait.ts'

/** No transaction of ours takes this long; one that does is waiting for a connection that nobody serves any more. */
const TRANSACTION_LIMIT_MS = 30_000
const READ_TRIES = 3
const READ_PAUSE_MS = 50

/**
 * The connections that an object holds to its tenant's rows. They are used until one of them is lost; then all are given up
 * and the next transaction opens new ones, at once: what the driver still remembers of a lost connection (its pauses, its
 * unsent bytes) must not meet the next request.
 */
export class HeldDatabase {
  readonly #tenant: TenantId
  readonly #open: () => Db
  #db: Db

  constructor(tenant: TenantId, url: string, options: ConnectOptions) {
    this.#tenant = tenant
    this.#open = () => connect(url, options)
    this.#db = this.#open()
  }

  /** One transaction as the tenant. Throws what the work and Postgres throw; whether it was committed is then unknown. */
  async transact<T>(work: (tx: Tx) => Promise<T>, manner?: Manner): Promise<T> {
    const db = this.#db
    try {
      return await withinLimit(asTenant(db, this.#tenant, work, manner))
    } catch (error) {
      if (failureOf(error) === 'lost') this.#giveUp(db)
      throw error
    }
  }

  /** The same for work that may be repeated: it is, when the connection was lost. Throws `database-unavailable` in the end. */
  async read<T>(work: (tx: Tx) => Promise<T>, manner?: Manner): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.transact(work, manner)
      } catch (error) {
        if (failureOf(error) !== 'lost') throw error
        if (attempt >= READ_TRIES) throw new AppError('database-unavailable', { retryAfterMs: 2000 }, { cause: error })
        await wait(READ_PAUSE_MS * attempt)
      }
    }
  }

  #giveUp(db: Db): void {
    if (this.#db !== db) return
    this.#db = this.#open()
    // Others may still be at work on its other connections.
    void db.end({ timeout: TRANSACTION_LIMIT_MS / 1000 }).catch(() => undefined)
  }
}

async function withinLimit<T>(work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => limit.reject(Object.assign(new Error('no answer from the database'), { code: 'ETIMEDOUT' })),
    TRANSACTION_LIMIT_MS,
  )
  try {
    return await Promise.race([work, limit.promise])
  } finally {
    clearTimeout(timer)
  }
}
