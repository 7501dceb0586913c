import { connect } from '../../db/connect.ts'
import type { Stack } from '../../embedded/stack.ts'
import { s3ObjectStore } from '../../storage/s3/s3-object-store.ts'

/** What a stack holds: a request that is refused leaves all of it as it was. */
export type Holdings = { heads: unknown; rows: Record<string, number>; objects: string[] }

/** Every table that a request for files may write to. */
const TABLES = [
  'nodes',
  'versions',
  'contents',
  'content_chunks',
  'chunks',
  'conflicts',
  'journal',
  'mutations',
  'uploads',
  'upload_packs',
] as const

/** @param ownerUrl sees every tenant's rows */
export async function openHoldings({ ownerUrl, s3 }: Pick<Stack, 'ownerUrl' | 's3'>) {
  const db = connect(ownerUrl, { max: 1 })
  const store = s3ObjectStore({ ...s3, publicEndpoint: s3.endpoint })
  const counts = TABLES.map((table) => `'${table}', (select count(*) from ${table})`).join(', ')

  const look = async (): Promise<Holdings> => {
    const [[row], { objects }] = await Promise.all([
      db.unsafe<{ heads: unknown; rows: Record<string, number> }[]>(
        `select (select jsonb_object_agg(tenant_id, seq) from tenant_head) as heads, jsonb_build_object(${counts}) as rows`,
      ),
      store.list('t/'),
    ])
    return { heads: row!.heads, rows: row!.rows, objects: objects.map(({ key }) => key) }
  }
  return { look, db, close: () => db.end() }
}
