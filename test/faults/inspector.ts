import { WAKE_FLOOR_MS } from '../../bus/next-wake.ts'
import { connect } from '../../db/connect.ts'
import { audit, type AuditReport } from '../../db/system/audit.ts'
import { NODE_JSON } from '../../db/tenant/node-json.ts'
import type { Stack } from '../../embedded/stack.ts'
import { s3ObjectStore, type S3ObjectStore } from '../../storage/s3/s3-object-store.ts'
import { until } from './until.ts'

/** A pump that nothing has woken looks again by itself (WAKE_FLOOR_MS): a chain of messages may meet that once. */
const DRAINED_LIMIT_MS = WAKE_FLOOR_MS + 30_000

/** The graces of these tests: none, so that "after the grace time" is now. */
export const NO_GRACE = { GC_GRACE_MS: '1' }

/** Looks at what lies behind the API, and lets time pass for rows: nobody sleeps here. */
export type Inspector = ReturnType<typeof inspect>

export function inspect(stack: Pick<Stack, 'ownerUrl' | 'systemUrl' | 's3'>) {
  const owner = connect(stack.ownerUrl, { max: 2 })
  const system = connect(stack.systemUrl, { max: 2 })
  const store: S3ObjectStore = s3ObjectStore({ ...stack.s3, publicEndpoint: stack.s3.endpoint })
  return {
    owner,
    store,
    audit: (): Promise<AuditReport> => audit({ db: system, store, now: Date.now() + 10, graceMs: 1 }),

    /** Of these mutations: how many answers, journal entries and versions each has. */
    effectsOf: (ids: readonly string[]) =>
      owner<{ id: string; answers: number; entries: number; contents: number; versions: number }[]>`
        select id,
          (select count(*)::int from mutations m where m.id = w.id) as answers,
          (select count(*)::int from journal j where j.mutation_id = w.id) as entries,
          (select count(*)::int from contents c where c.id = w.id) as contents,
          (select count(*)::int from versions v where v.content_ref = w.id) as versions
        from (select w::uuid as id, n from jsonb_array_elements_text(${JSON.stringify(ids)}::text::jsonb)
          with ordinality as w(w, n)) w order by n`,

    /**
     * I10: nodes whose row is not what the journal's last entry says, and entries of no node. Roots stand before it; what was purged, and
     * what lay below it, may be gone, and units that were trashed by themselves in it have another parent then.
     */
    async forks(): Promise<unknown[]> {
      return owner.unsafe(`
        with recursive folded as (select distinct on (tenant_id, node_id) tenant_id, node_id, kind, node from journal
          order by tenant_id, node_id, seq desc),
        gone as (
          select tenant_id, node_id from folded where kind = 'purged'
          union
          select f.tenant_id, f.node_id from folded f join gone g on g.tenant_id = f.tenant_id
            and g.node_id::text = f.node->>'parentId' where f.node->>'trashedAt' is null)
        select coalesce(n.id, f.node_id) as id, f.node as folded, ${NODE_JSON} as stored
        from nodes n full join folded f on f.tenant_id = n.tenant_id and f.node_id = n.id
        left join gone g on g.tenant_id = f.tenant_id and g.node_id = f.node_id
        left join gone p on p.tenant_id = f.tenant_id and p.node_id::text = f.node->>'parentId'
        where g.node_id is null and (n.id is null or f.node_id is not null and n.parent_id is null
          or n.parent_id is not null and (f.node is null or f.node - 'parentId' is distinct from ${NODE_JSON} - 'parentId'
            or p.node_id is null and f.node->'parentId' is distinct from ${NODE_JSON}->'parentId'))`)
    },

    /** Objects of an upload. */
    async objectsOf(tenantId: string, uploadId: string): Promise<string[]> {
      return (await store.list(`t/${tenantId}/u/${uploadId}/`)).objects.map(({ key }) => key)
    },

    /** Makes the content of an older version unreferenced, as purging it will: its chunks are orphans then. */
    purge: (nodeId: string, revision: number): Promise<unknown> =>
      owner.begin(async (tx) => {
        const [gone] = await tx<{ ref: string }[]>`
          delete from versions where node_id = ${nodeId} and revision = ${revision} returning content_ref as ref`
        await tx`delete from content_chunks where content_ref = ${gone!.ref}`
        await tx`delete from contents where id = ${gone!.ref}`
      }),

    /** Has every tenant tended now, keeping one version of a file and nothing in the trash. */
    async tend(): Promise<void> {
      await owner`update spaces set trash_days = 0, version_count = 1`
      await owner`insert into outbox (tenant_id, kind, payload) select tenant_id, 'retention.due', '{}' from tenant_head`
    },

    /** What a killed process had claimed is due again, as it will be when the claim's time is over. */
    async endClaims(): Promise<void> {
      await owner`update outbox set available_at = now() where attempts > 0`
    },

    /** Lets the time of every upload pass. */
    async endUploads(): Promise<void> {
      await owner`update uploads set expires_at = now() - interval '1 minute' where expires_at > now()`
    },

    /** Until no message is left, with the time that each waits for passing at once. @param poke wakes the pumps */
    async drained(poke: () => Promise<unknown>): Promise<void> {
      let looks = 0
      await until(
        'the outbox is empty',
        async () => {
          if (looks++ % 20 === 0) {
            await owner`update outbox set available_at = now() where available_at > now() + interval '50 ms'`
            await poke().catch(() => {})
          }
          const [row] = await owner<{ count: number }[]>`select count(*)::int as count from outbox`
          return row!.count === 0
        },
        DRAINED_LIMIT_MS,
      )
    },

    async close(): Promise<void> {
      await Promise.all([owner.end({ timeout: 1 }), system.end({ timeout: 1 })])
    },
  }
}
