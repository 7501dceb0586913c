import type { TestTable } from './rows.ts'

/**
 * Who may do what to whose rows: the whole of row security as data. `run-matrix.ts` tries every cell.
 *
 * Whose: `own` and `other` are rows of the tenant that is set and of another one; `unset` is a connection that never had
 * a tenant, `empty` what a finished transaction leaves behind.
 */
export type Role = 'bitvault_app' | 'bitvault_system' | 'bitvault_owner'
export type Whose = 'own' | 'other' | 'unset' | 'empty'

/**
 * `move`: give an own row to another tenant, or take one of its rows. `truncate` is not held back by row security, so it
 * must be by the grants.
 */
export type Verb = 'read' | 'insert' | 'update' | 'delete' | 'move' | 'truncate'

export type Outcome =
  /** It worked, on exactly one row. */
  | 'row'
  /** It worked and found nothing: the row does not exist for this role. */
  | 'none'
  /** Refused by a policy. */
  | 'policy'
  /** Refused for want of the right. */
  | 'no-right'
  /** An error: no tenant was ever set. */
  | 'no-tenant'
  /** An error: the tenant that is set is no id. */
  | 'no-id'

type Expected = Partial<Record<Verb, Partial<Record<Whose, Outcome>>>>

const NO_RIGHT: Expected = {
  read: { own: 'no-right', other: 'no-right', unset: 'no-right', empty: 'no-right' },
  insert: { own: 'no-right', other: 'no-right', unset: 'no-right', empty: 'no-right' },
  update: { own: 'no-right', other: 'no-right', unset: 'no-right', empty: 'no-right' },
  delete: { own: 'no-right', other: 'no-right', unset: 'no-right', empty: 'no-right' },
  truncate: { own: 'no-right' },
}

const OWN_ROWS_READ = { own: 'row', other: 'none', unset: 'no-tenant', empty: 'no-id' } as const

const APP: Record<TestTable['kind'], Expected> = {
  tenant: {
    read: OWN_ROWS_READ,
    insert: { own: 'row', other: 'policy', unset: 'no-tenant', empty: 'no-id' },
    update: { own: 'row', other: 'none', unset: 'no-tenant', empty: 'no-id' },
    delete: { own: 'row', other: 'none', unset: 'no-tenant', empty: 'no-id' },
    move: { own: 'policy', other: 'none' },
    truncate: { own: 'no-right' },
  },
  'read-only': { ...NO_RIGHT, read: OWN_ROWS_READ, move: { own: 'no-right', other: 'no-right' } },
  closed: NO_RIGHT,
}

/** Crosses tenants by its policies, with no tenant set. */
const SYSTEM: Expected = {
  read: { own: 'row', other: 'row' },
  insert: { own: 'row', other: 'row' },
  update: { own: 'row', other: 'row' },
  delete: { own: 'row', other: 'row' },
  truncate: { own: 'no-right' },
}

/** Owns the tables, and is held by their policies all the same: there is none for it. */
const OWNER: Expected = {
  read: { own: 'none', other: 'none' },
  insert: { own: 'policy', other: 'policy' },
  update: { own: 'none', other: 'none' },
  delete: { own: 'none', other: 'none' },
}

const expectedOf = (role: Role, kind: TestTable['kind']): Expected => {
  if (role === 'bitvault_app') return APP[kind]
  return role === 'bitvault_system' ? SYSTEM : OWNER
}

export const ROLES: readonly Role[] = ['bitvault_app', 'bitvault_system', 'bitvault_owner']

export type Cell = { role: Role; verb: Verb; whose: Whose; outcome: Outcome }

/** Those without a tenant first: a connection has never had one only until it is given one. */
export function cellsOf(role: Role, kind: TestTable['kind']): Cell[] {
  const cells = Object.entries(expectedOf(role, kind)).flatMap(([verb, byWhose]) =>
    Object.entries(byWhose).map(([whose, outcome]) => ({ role, verb, whose, outcome }) as Cell),
  )
  return [...cells.filter((cell) => isWithoutTenant(cell)), ...cells.filter((cell) => !isWithoutTenant(cell))]
}

export const isWithoutTenant = ({ role, whose }: Pick<Cell, 'role' | 'whose'>): boolean =>
  whose === 'unset' || role === 'bitvault_system'

/** The rule of docs/spec/row-security.md that a cell belongs to. */
export function ruleOf({ role, verb, whose }: Cell, kind: TestTable['kind']): string {
  if (verb === 'truncate') return 'RS-6'
  if (role === 'bitvault_owner') return 'RS-1'
  if (role === 'bitvault_system') return 'RS-16'
  if (whose === 'unset' || whose === 'empty') return kind === 'closed' ? 'RS-15' : 'RS-14'
  if (kind !== 'tenant' && verb !== 'read') return 'RS-15'
  if (kind === 'closed') return 'RS-15'
  return whose === 'own' && verb !== 'move' ? 'RS-12' : 'RS-13'
}
