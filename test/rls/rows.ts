/**
 * One row a tenant for every table, and how to make a second: what the matrix reads, writes and tries to steal.
 * A new table needs an entry here, or the suite fails.
 */
export type Party = 'a' | 'b'
export type Row = Record<string, unknown>

export type TestTable = {
  /**
   * `tenant`: the app reads and writes rows of its tenant. `read-only`: it reads them. `closed`: only the system role
   * reaches them.
   */
  kind: 'tenant' | 'read-only' | 'closed'
  /** Columns that name a row. */
  key: readonly string[]
  /** `n = 1` is there from the start; `n = 2` is not, and everything it refers to is. May say more than the table has. */
  row: (party: Party, n: number) => Row
  /** Its rows belong to no tenant. */
  above?: true
  /** At most one row a tenant: the first must go before a second can come. */
  single?: true
}

/** A UUID that is told apart at a glance: whose, and which. */
export const idOf = (party: Party, n: number): string =>
  `${party.repeat(8)}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
export const tenantOf = (party: Party): string => idOf(party, 0)

const AT = '2026-01-01T00:00:00Z'
const hashOf = (party: Party, n: number): string => `${party}${n}`.padStart(64, '0')
/** The user whose sessions, spaces and uploads these are, and one more. */
const MEMBER = 1
const SECOND_USER = 3

/** Columns that mean the same wherever they stand. References are to the rows that are there. */
const common = (party: Party, n: number): Row => ({
  tenant_id: tenantOf(party),
  id: idOf(party, n),
  ...references(party),
  ...values(party, n),
  ...Object.fromEntries(TIMES.map((column) => [column, AT])),
})

const TIMES = ['at', 'created_at', 'changed_at', 'expires_at', 'issued_at', 'last_used_at', 'absolute_expiry'].concat(
  'last_at',
  'available_at',
  'died_at',
  'last_seen_at',
)

const references = (party: Party): Row => ({
  user_id: idOf(party, MEMBER),
  created_by: idOf(party, MEMBER),
  uploaded_by: idOf(party, MEMBER),
  session_id: idOf(party, 1),
  space_id: idOf(party, 1),
  root_id: idOf(party, 1),
  node_id: idOf(party, 1),
  content_ref: idOf(party, 1),
  upload_id: idOf(party, 1),
  original: idOf(party, 1),
})

const values = (party: Party, n: number): Row => ({
  hash: hashOf(party, n),
  sha256: hashOf(party, n),
  content_id: hashOf(party, n),
  fingerprint: hashOf(party, n),
  object_key: `${party}/${n}`,
  name: `name ${n}`,
  device_name: 'Laptop',
  device: 'Laptop',
  codec: 'raw',
  size: 1,
  seq: n,
  payload: {},
  attempts: 1,
})

const table = (kind: TestTable['kind'], key: string[], own: TestTable['row'] = () => ({})): TestTable => ({
  kind,
  key,
  row: (party, n) => ({ ...common(party, n), ...own(party, n) }),
})
const above = (key: string, own?: TestTable['row']): TestTable => ({ ...table('closed', [key], own), above: true })
const single = (own: TestTable['row']): TestTable => ({ ...table('tenant', ['tenant_id'], own), single: true })
/** The key follows the tenant. */
const tenant = (key: string[], own?: TestTable['row']): TestTable => table('tenant', ['tenant_id', ...key], own)

/** In an order in which the foreign keys hold. */
export const TABLES: Readonly<Record<string, TestTable>> = {
  tenants: above('id', (p, n) => ({ id: n === 1 ? tenantOf(p) : idOf(p, n) })),
  users: above('id', (p, n) => ({ email: `${n}@${p}.example`, display_name: 'User' })),
  memberships: table('read-only', ['tenant_id', 'user_id'], (p, n) => ({
    user_id: idOf(p, n === 1 ? MEMBER : SECOND_USER),
    role: 'member',
  })),
  sessions: table('read-only', ['id'], () => ({ kind: 'device' })),
  browser_cookies: above('hash'),
  refresh_tokens: above('hash'),
  api_tokens: table('closed', ['id'], () => ({ prefix: 'bv' })),
  device_codes: table('closed', ['device_hash'], (p, n) => ({
    device_hash: hashOf(p, n),
    user_code_hash: hashOf(p, n),
    state: 'pending',
    interval_ms: 5000,
  })),
  password_links: above('hash'),
  sign_in_attempts: above('key', (p, n) => ({ key: hashOf(p, n), failures: 1 })),

  contents: tenant(['id'], () => ({ chunk_count: 1 })),
  chunks: tenant(['sha256', 'object_key'], () => ({ byte_offset: 0, byte_length: 1, state: 'live', verified: true })),
  content_chunks: tenant(['content_ref', 'ordinal'], (p, n) => ({
    ordinal: n,
    sha256: hashOf(p, 1),
    object_key: `${p}/1`,
    plain: 1,
  })),
  uploads: tenant(['id'], () => ({ state: 'open', drafts: [], file_count: 1, committed_count: 0, packed_count: 0 })),
  upload_packs: tenant(['upload_id', 'sha256'], () => ({ members: [] })),

  tenant_head: single((p, n) => ({ epoch: idOf(p, n), lease: 1, horizon: 0 })),
  spaces: tenant(['id'], () => ({ kind: 'team', trash_days: 30 })),
  devices: tenant(['id'], () => ({ platform: 'linux' })),
  space_members: tenant(['user_id', 'space_id'], (p, n) => ({ user_id: idOf(p, n), role: 'writer' })),
  nodes: tenant(['id'], (p, n) => ({
    parent_id: n === 1 ? null : idOf(p, 1),
    kind: 'folder',
    name_key: `name ${n}`,
    content_revision: 0,
    placement_revision: 1,
    executable: false,
    changed_seq: n,
    content_seq: n,
    placed_seq: n,
  })),
  versions: tenant(['node_id', 'revision'], (_, n) => ({ revision: n, executable: false, base_revision: 0 })),
  journal: tenant(['seq'], (p, n) => ({ kind: 'created', mutation_id: idOf(p, n), node: {} })),
  mutations: tenant(['id'], () => ({ outcome: 'applied' })),
  conflicts: tenant(['id'], () => ({ base_revision: 1, their_revision: 2, node_kind: 'file', executable: false })),

  outbox: table('tenant', ['id'], () => ({ kind: 'upload.expired' })),
  dead_letters: table('tenant', ['id'], () => ({ kind: 'upload.expired', reason: 'given up' })),
  usage: single(() => ({ through_seq: 1, written_bytes: 0, files_created: 0, versions_written: 0 })),
}

export const isOfTenant = (given: TestTable): boolean => given.above !== true

/** What stands in the database before a test. */
export function* seedRows(): Generator<[table: string, row: Row]> {
  for (const [name, { row }] of Object.entries(TABLES)) {
    for (const party of ['a', 'b'] as const) {
      yield [name, row(party, 1)]
      if (name === 'users') yield [name, row(party, SECOND_USER)]
    }
  }
}
