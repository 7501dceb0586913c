import postgres, { type Sql, type TransactionSql } from 'postgres'
import type { TenantId } from '../core/ids.ts'

export type Db = Sql
export type Tx = TransactionSql

export type ConnectOptions = {
  /** Connections held at once. */
  max?: number
  /** Seconds after which an idle connection is given back. */
  idleSeconds?: number
  name?: string
}

/**
 * A small pool. In workerd it belongs to the object or the request that made it: sockets may not be shared between requests.
 * `fetch_types: false` saves a round trip, so arrays must travel as JSON.
 */
export function connect(url: string, { max = 1, idleSeconds = 20, name = 'bitvault' }: ConnectOptions = {}): Db {
  return postgres(url, {
    max,
    idle_timeout: idleSeconds,
    connect_timeout: 5,
    fetch_types: false,
    prepare: true,
    onnotice: () => {},
    connection: { application_name: name },
  })
}

export type Manner = {
  /**
   * `once`: a statement is planned for any parameters, and not again for those it is given. Where hundreds of rows come as one piece of JSON, to plan with them
   * costs more than all else (it is parsed for the plan too), and gives the same plan.
   */
  planning?: 'auto' | 'once'
  /** `one`: all statements see the tenant as it was at the first. For what only reads: a write may be refused. */
  snapshot?: 'each' | 'one'
}

/**
 * The one door to a tenant's rows: role rights come from the login, the tenant from a setting that dies with the transaction,
 * so a pooled connection carries nothing over (T9).
 */
export function asTenant<T>(
  db: Db,
  tenant: TenantId,
  work: (tx: Tx) => Promise<T>,
  { planning = 'auto', snapshot = 'each' }: Manner = {},
): Promise<T> {
  const life: Life = { isOver: false }
  const body = async (tx: Tx): Promise<T> => {
    // Sent at once, awaited with the first answer of `work`: entering costs no round trip of its own.
    const [, result] = await Promise.all([enter(tx, tenant, planning), work(guarded(tx, life))])
    return result
  }
  const isolation = snapshot === 'one' ? 'isolation level repeatable read' : 'isolation level read committed'
  const transaction = db.begin(isolation, (tx) => whileOpen(life, body(tx))) as Promise<T>
  return transaction.finally(() => (life.isOver = true))
}

type Life = { isOver: boolean }

/**
 * The driver ends a transaction whose connection was lost, but lets its body run on: the next statement, or its rollback, would
 * go to whatever the connection object serves by then. So a body that outlives its transaction is told so at its next
 * statement, and its end is heard by nobody.
 */
function guarded(tx: Tx, life: Life): Tx {
  const requireOpen = (): void => {
    if (life.isOver) throw Object.assign(new Error('the transaction is over'), { code: 'CONNECTION_CLOSED' })
  }
  return new Proxy(tx, {
    apply(target, self, args) {
      requireOpen()
      return Reflect.apply(target as never, self, args)
    },
    get(target, name) {
      requireOpen()
      return Reflect.get(target, name)
    },
  })
}

function whileOpen<T>(life: Life, body: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const afterDriver = (error: unknown): void => void setTimeout(() => life.isOver || reject(error), 0)
    body.then((value) => life.isOver || resolve(value), afterDriver)
  })
}

/**
 * Between two statements our code only computes. A process that says nothing for this long in the middle of a transaction is
 * frozen or cut off; it may hold the head of a journal, and Postgres must not wait for it as long as TCP would.
 */
const IDLE_LIMIT_MS = '5000'
/**
 * A statement that whoever asked no longer waits for must not go on for ever (`TRANSACTION_LIMIT_MS` of
 * durable-objects/held-database.ts is longer).
 */
const STATEMENT_LIMIT_MS = '25000'

/**
 * Sets the tenant for this transaction. Sequential scans are off because every query of ours has an index for it, and a plan that
 * was cached while a table was empty must not read all of it later; bitmap scans, since they read to the end what a page of a few rows
 * begins. For the same reason look-ups of many keys are written as
 * `cross join lateral (… limit 1)`: a join in any other order would read a whole tenant.
 */
export const enter = (tx: Tx, tenant: TenantId, planning: Manner['planning'] = 'auto'): Promise<unknown> =>
  // A query of this driver is sent when it is awaited; `execute` sends it now, before any other.
  tx`select set_config('app.tenant_id', ${tenant}, true), set_config('enable_seqscan', 'off', true),
    set_config('enable_bitmapscan', 'off', true), set_config('idle_in_transaction_session_timeout', ${IDLE_LIMIT_MS}, true),
    set_config('statement_timeout', ${STATEMENT_LIMIT_MS}, true),
    set_config('plan_cache_mode', ${planning === 'once' ? 'force_generic_plan' : 'auto'}, true)`.execute()
