import type { TransactionSql } from 'postgres'
import { type Cell, type Outcome, type Role, ROLES, cellsOf, isWithoutTenant, ruleOf } from './matrix.ts'
import { type Party, type Row, type TestTable, TABLES, isOfTenant, tenantOf } from './rows.ts'
import { type Scratch, inRollback, insertRow, withSql } from './scratch.ts'

/** What a cell did that it should not have. */
export type Fault = { rule: string; table: string; text: string }

/** Where to act as a role: open transactions on fresh connections, which their owner rolls back. */
export type Desks = Record<Role, TransactionSql>

/** The real logins; the owner, who has none, by the role switch of a superuser. */
export const withLogins = <T>(scratch: Scratch, work: (desks: Desks) => Promise<T>): Promise<T> =>
  withTransaction(scratch.appUrl, (app) =>
    withTransaction(scratch.systemUrl, (system) =>
      withTransaction(scratch.adminUrl, (admin) =>
        work({ bitvault_app: app, bitvault_system: system, bitvault_owner: admin }),
      ),
    ),
  )

/** One superuser's transaction that plays every role, so that it can change the rules first and take it all back. */
export const withChangedRules = <T>(
  scratch: Scratch,
  change: (tx: TransactionSql) => Promise<unknown>,
  work: (desks: Desks) => Promise<T>,
): Promise<T> =>
  withTransaction(scratch.adminUrl, async (tx) => {
    await change(tx)
    return work({ bitvault_app: tx, bitvault_system: tx, bitvault_owner: tx })
  })

const withTransaction = <T>(url: string, work: (tx: TransactionSql) => Promise<T>): Promise<T> =>
  withSql(url, (sql) => inRollback(sql, work))

/** Tries the cells of these tables; needs desks that were not used before. */
export async function matrixFaults(desks: Desks, names: readonly string[]): Promise<Fault[]> {
  const all = names.flatMap((name) =>
    ROLES.flatMap((role) => cellsOf(role, tableOf(name).kind).map((cell) => ({ name, cell }))),
  )
  const ordered = [
    ...all.filter(({ cell }) => isWithoutTenant(cell)),
    ...all.filter(({ cell }) => !isWithoutTenant(cell)),
  ]
  const results = await Promise.all(ordered.map(({ name, cell }) => tryCell(desks, name, cell)))
  return results.filter((fault) => fault !== null)
}

function tableOf(name: string): TestTable {
  const table = TABLES[name]
  if (!table) throw new Error(`no test row for the table ${name}: add it to rows.ts`)
  return table
}

async function tryCell(desks: Desks, name: string, cell: Cell): Promise<Fault | null> {
  const outcome = await outcomeOf(desks[cell.role], name, cell)
  if (outcome === cell.outcome) return null
  const { role, verb, whose } = cell
  return {
    rule: ruleOf(cell, tableOf(name).kind),
    table: name,
    text: `${role}: ${verb} ${whose} ${name}: ${outcome}, not ${cell.outcome}`,
  }
}

type Statement = { text: string; values: string[] }

/** Sends a cell's statements in one go and takes them back; the first that fails is its outcome. */
async function outcomeOf(tx: TransactionSql, name: string, cell: Cell): Promise<Outcome | string> {
  const before = tx.unsafe(`savepoint cell; ${becomeRole(cell)}`)
  const sent = statementsOf(name, cell).map(({ text, values }) => tx.unsafe<{ n?: number }[]>(text, values))
  const [entered, ...results] = await Promise.allSettled([before, ...sent, tx.unsafe('rollback to savepoint cell')])
  if (entered.status === 'rejected') throw entered.reason
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) return nameError(failed.reason as { code: string; message: string })
  const last = results.at(-2)
  if (last?.status !== 'fulfilled') throw new Error('a cell without a statement')
  const rows = last.value as { n?: number }[] & { count: number }
  const found = rows[0]?.n ?? rows.count
  return found === 0 ? 'none' : found === 1 ? 'row' : `${found} rows`
}

function becomeRole(cell: Cell): string {
  const asRole = `set local role ${cell.role};`
  if (isWithoutTenant(cell)) {
    return `${asRole} do $$ begin
      if current_setting('app.tenant_id', true) is not null then raise exception 'this connection had a tenant before'; end if;
    end $$`
  }
  return `${asRole} select set_config('app.tenant_id', '${cell.whose === 'empty' ? '' : tenantOf('a')}', true)`
}

function nameError({ code, message }: { code: string; message: string }): Outcome | string {
  if (code === '42501') return message.includes('row-level security') ? 'policy' : 'no-right'
  if (code === '42704' && message.includes('app.tenant_id')) return 'no-tenant'
  if (code === '22P02' && message.includes('uuid')) return 'no-id'
  return `${code} ${message}`
}

/** The tenant that is set is always `a`. */
function statementsOf(name: string, { verb, whose, outcome }: Cell): Statement[] {
  const table = tableOf(name)
  const party: Party = whose === 'other' ? 'b' : 'a'
  const there = table.row(party, 1)
  const fresh = table.row(party, 2)
  const remove = (row: Row): Statement => ({ text: `delete from ${name} t ${WHERE}`, values: [keyOf(table, row)] })
  const insert = { text: insertRow(name), values: [JSON.stringify(fresh)] }
  const succeeds = outcome === 'row'
  switch (verb) {
    case 'read':
      return [{ text: `select count(*)::int as n from ${name} t ${WHERE}`, values: [keyOf(table, there)] }]
    case 'insert':
      return succeeds && table.single ? [remove(there), insert] : [insert]
    case 'update': {
      const column = table.key[0]!
      return [{ text: `update ${name} t set ${column} = ${column} ${WHERE}`, values: [keyOf(table, there)] }]
    }
    case 'delete':
      // Nothing refers to the fresh row, so no foreign key gets in the way.
      return succeeds && !table.single ? [insert, remove(fresh)] : [remove(there)]
    case 'move': {
      const to = tenantOf(party === 'a' ? 'b' : 'a')
      return [{ text: `update ${name} t set tenant_id = $2::text::uuid ${WHERE}`, values: [keyOf(table, there), to] }]
    }
    case 'truncate':
      return [{ text: `truncate ${name}`, values: [] }]
  }
}

/** Parameter 1: the key as JSON. Not leakproof, so Postgres judges it after the policies. */
const WHERE = 'where to_jsonb(t) @> $1::text::jsonb'

function keyOf(table: TestTable, row: Row): string {
  const columns = isOfTenant(table) ? [...table.key, 'tenant_id'] : table.key
  return JSON.stringify(Object.fromEntries(columns.map((column) => [column, row[column]])))
}
