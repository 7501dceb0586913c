import type { TenantId } from '../../core/ids.ts'
import type { TenantJournal } from '../../durable-objects/tenant-journal.ts'
import type { TenantReader } from '../../durable-objects/tenant-reader.ts'

/**
 * The one place that knows where a tenant lives. Today: an object of this script, by the tenant's name; a self-hosted cluster
 * answers here with the pod that owns the tenant, and no caller changes.
 */
export const journalOf = (env: Env, tenant: TenantId): Journal =>
  env.TENANT_JOURNAL.getByName(tenant) as unknown as Journal
export const readerOf = (env: Env, tenant: TenantId): Reader => env.TENANT_READER.getByName(tenant) as unknown as Reader

/** What callers know of the two: plain asynchronous methods over plain values, whatever carries them. */
export type Journal = Pick<
  TenantJournal,
  | 'commit'
  | 'changes'
  | 'fetch'
  | 'sessionsEnded'
  | 'accessChanged'
  | 'heard'
  | 'devices'
  | 'registerDevice'
  | 'reportDevice'
  | 'sessionOfDevice'
  | 'revokeDevice'
>
export type Reader = Omit<TenantReader, keyof DurableObjectBranded>
type DurableObjectBranded = import('cloudflare:workers').DurableObject<Env>
