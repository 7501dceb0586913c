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

/**
 * The one door to a tenant's rows: role rights come from the login, the tenant from a setting that dies with the transaction,
 * so a pooled connection carries nothing over (T9).
 */
export const asTenant = <T>(db: Db, tenant: TenantId, work: (tx: Tx) => Promise<T>): Promise<T> =>
  db.begin(async (tx) => {
    await tx`select set_config('app.tenant_id', ${tenant}, true)`
    return work(tx)
  }) as Promise<T>

/** The same door for statements that need no answer from one another: they travel in one go, and fail as one. */
export const asTenantPipelined = (
  db: Db,
  tenant: TenantId,
  statements: (tx: Tx) => Promise<unknown>[],
): Promise<unknown[]> =>
  db.begin((tx) => [tx`select set_config('app.tenant_id', ${tenant}, true)`, ...statements(tx)]) as Promise<unknown[]>
