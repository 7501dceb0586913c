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
  /** `n = 1` is there from the start; `n = 2` is not, and everything it refers to is. */
  row: (party: Party, n: number) => Row
  /** At most one row a tenant: the first must go before a second can come. */
  single?: true
}

/** A UUID that is told apart at a glance: whose, and which. */
export const idOf = (party: Party, n: number): string =>
  `${party.repeat(8)}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
export const tenantOf = (party: Party): string => idOf(party, 0)

const AT = '2026-01-01T00:00:00Z'
const hashOf = (party: Party, n: number): string => `${party}${n}`.padStart(64, '0')
const of = (party: Party) => ({ tenant_id: tenantOf(party) })
/** The member whose sessions, spaces and uploads these are. */
const MEMBER = 1
const SECOND_USER = 3

const identity: Record<string, TestTable> = {
  tenants: {
    kind: 'closed',
    key: ['id'],
    row: (p, n) => ({ id: n === 1 ? tenantOf(p) : idOf(p, n), name: `tenant ${p}`, created_at: AT }),
  },
  users: {
    kind: 'closed',
    key: ['id'],
    row: (p, n) => ({ id: idOf(p, n), email: `${n}@${p}.example`, display_name: 'User', created_at: AT }),
  },
  memberships: {
    kind: 'read-only',
    key: ['tenant_id', 'user_id'],
    row: (p, n) => ({ ...of(p), user_id: idOf(p, n === 1 ? MEMBER : SECOND_USER), role: 'member', created_at: AT }),
  },
  sessions: {
    kind: 'read-only',
    key: ['id'],
    row: (p, n) => ({
      ...{ ...of(p), id: idOf(p, n), user_id: idOf(p, MEMBER), device_name: 'Laptop', kind: 'device' },
      ...{ created_at: AT, last_used_at: AT, absolute_expiry: AT },
    }),
  },
  browser_cookies: {
    kind: 'closed',
    key: ['hash'],
    row: (p, n) => ({ hash: hashOf(p, n), session_id: idOf(p, 1) }),
  },
  refresh_tokens: {
    kind: 'closed',
    key: ['hash'],
    row: (p, n) => ({ hash: hashOf(p, n), session_id: idOf(p, 1), issued_at: AT, expires_at: AT }),
  },
  api_tokens: {
    kind: 'closed',
    key: ['id'],
    row: (p, n) => ({
      ...{ ...of(p), id: idOf(p, n), hash: hashOf(p, n), prefix: 'bv', session_id: idOf(p, 1) },
      ...{ user_id: idOf(p, MEMBER), name: 'token', created_at: AT, expires_at: AT },
    }),
  },
  device_codes: {
    kind: 'closed',
    key: ['device_hash'],
    row: (p, n) => ({
      ...{ ...of(p), device_hash: hashOf(p, n), user_code_hash: hashOf(p, n), device_name: 'Laptop' },
      ...{ created_at: AT, expires_at: AT, state: 'pending', interval_ms: 5000 },
    }),
  },
  password_links: {
    kind: 'closed',
    key: ['hash'],
    row: (p, n) => ({ hash: hashOf(p, n), user_id: idOf(p, MEMBER), created_at: AT, expires_at: AT }),
  },
  sign_in_attempts: {
    kind: 'closed',
    key: ['key'],
    row: (p, n) => ({ key: hashOf(p, n), failures: 1, last_at: AT }),
  },
}

const content: Record<string, TestTable> = {
  contents: {
    kind: 'tenant',
    key: ['tenant_id', 'id'],
    row: (p, n) => ({
      ...{ ...of(p), id: idOf(p, n), content_id: hashOf(p, n), codec: 'raw', size: 1, sha256: hashOf(p, n) },
      ...{ chunk_count: 1 },
    }),
  },
  chunks: {
    kind: 'tenant',
    key: ['tenant_id', 'sha256', 'object_key'],
    row: (p, n) => ({
      ...{ ...of(p), sha256: hashOf(p, n), object_key: `${p}/${n}`, byte_offset: 0, byte_length: 1, state: 'live' },
      ...{ verified: true, uploaded_by: idOf(p, MEMBER), upload_id: idOf(p, 1), created_at: AT },
    }),
  },
  content_chunks: {
    kind: 'tenant',
    key: ['tenant_id', 'content_ref', 'ordinal'],
    row: (p, n) => ({
      ...{ ...of(p), content_ref: idOf(p, 1), ordinal: n, sha256: hashOf(p, 1), object_key: `${p}/1` },
      ...{ size: 1, plain: 1 },
    }),
  },
  uploads: {
    kind: 'tenant',
    key: ['tenant_id', 'id'],
    row: (p, n) => ({
      ...{ ...of(p), id: idOf(p, n), user_id: idOf(p, MEMBER), session_id: idOf(p, 1), state: 'open', drafts: [] },
      ...{ file_count: 1, committed_count: 0, created_at: AT, expires_at: AT },
    }),
  },
  upload_packs: {
    kind: 'tenant',
    key: ['tenant_id', 'upload_id', 'sha256'],
    row: (p, n) => ({ ...of(p), upload_id: idOf(p, 1), sha256: hashOf(p, n), size: 1, members: [] }),
  },
}

const namespace: Record<string, TestTable> = {
  tenant_head: {
    kind: 'tenant',
    key: ['tenant_id'],
    row: (p, n) => ({ ...of(p), epoch: idOf(p, n), seq: 1, lease: 1 }),
    single: true,
  },
  spaces: {
    kind: 'tenant',
    key: ['tenant_id', 'id'],
    row: (p, n) => ({
      ...of(p),
      ...{ id: idOf(p, n), kind: 'team', name: `space ${n}`, root_id: idOf(p, 1), created_at: AT },
    }),
  },
  space_members: {
    kind: 'tenant',
    key: ['tenant_id', 'user_id', 'space_id'],
    row: (p, n) => ({ ...of(p), space_id: idOf(p, 1), user_id: idOf(p, n), role: 'writer' }),
  },
  nodes: {
    kind: 'tenant',
    key: ['tenant_id', 'id'],
    row: (p, n) => ({
      ...{ ...of(p), id: idOf(p, n), space_id: idOf(p, 1), parent_id: n === 1 ? null : idOf(p, 1), kind: 'folder' },
      ...{ name: `node ${n}`, name_key: `node ${n}`, content_revision: 0, placement_revision: 1, executable: false },
      ...{ created_at: AT, changed_at: AT, changed_seq: n },
    }),
  },
  versions: {
    kind: 'tenant',
    key: ['tenant_id', 'node_id', 'revision'],
    row: (p, n) => ({
      ...{ ...of(p), node_id: idOf(p, 1), revision: n, content_ref: idOf(p, 1), executable: false, seq: n },
      ...{ created_by: idOf(p, MEMBER), device: 'Laptop', created_at: AT, base_revision: 0 },
    }),
  },
  journal: {
    kind: 'tenant',
    key: ['tenant_id', 'seq'],
    row: (p, n) => ({
      ...{ ...of(p), seq: n, kind: 'created', node_id: idOf(p, 1), space_id: idOf(p, 1), mutation_id: idOf(p, n) },
      ...{ user_id: idOf(p, MEMBER), session_id: idOf(p, 1), at: AT, node: {} },
    }),
  },
  mutations: {
    kind: 'tenant',
    key: ['tenant_id', 'id'],
    row: (p, n) => ({ ...of(p), id: idOf(p, n), fingerprint: hashOf(p, n), seq: n, outcome: {}, at: AT }),
  },
}

const events: Record<string, TestTable> = {
  outbox: {
    kind: 'tenant',
    key: ['id'],
    row: (p, n) => ({
      ...{ ...of(p), id: idOf(p, n), kind: 'upload.expired', payload: {}, attempts: 0 },
      ...{ available_at: AT, created_at: AT },
    }),
  },
  dead_letters: {
    kind: 'tenant',
    key: ['id'],
    row: (p, n) => ({
      ...{ ...of(p), id: idOf(p, n), kind: 'upload.expired', payload: {}, attempts: 1, reason: 'x', died_at: AT },
    }),
  },
  processed_events: {
    kind: 'tenant',
    key: ['tenant_id', 'consumer', 'message_id'],
    row: (p, n) => ({ ...of(p), consumer: 'meter', message_id: idOf(p, n), at: AT }),
  },
  usage: {
    kind: 'tenant',
    key: ['tenant_id'],
    row: (p, n) => ({ ...of(p), through_seq: n, written_bytes: 0, files_created: 0, versions_written: 0 }),
    single: true,
  },
}

/** In an order in which the foreign keys hold. */
export const TABLES: Readonly<Record<string, TestTable>> = { ...identity, ...content, ...namespace, ...events }

export const isOfTenant = (table: TestTable): boolean => 'tenant_id' in table.row('a', 1)

/** What stands in the database before a test. */
export function* seedRows(): Generator<[table: string, row: Row]> {
  for (const [name, table] of Object.entries(TABLES)) {
    for (const party of ['a', 'b'] as const) {
      yield [name, table.row(party, 1)]
      if (name === 'users') yield [name, table.row(party, SECOND_USER)]
    }
  }
}
