import type { TenantId } from '../../core/ids.ts'
import type { TenantJournal } from '../../durable-objects/tenant-journal.ts'
import type { TenantReader } from '../../durable-objects/tenant-reader.ts'

/**
 * The one place that knows where a tenant lives. Today: an object of this script, by the tenant's name; a self-hosted cluster
 * answers here with the pod that owns the tenant, and no caller changes.
 */
export const journalOf = (env: Env, tenant: TenantId): DurableObjectStub<TenantJournal> =>
  env.TENANT_JOURNAL.getByName(tenant)
export const readerOf = (env: Env, tenant: TenantId): DurableObjectStub<TenantReader> =>
  env.TENANT_READER.getByName(tenant)
