import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { uploadPrefix } from '../core/content.ts'
import { uuidV7, type Sha256, type TenantId, type UploadId } from '../core/ids.ts'
import { connect, type Db } from '../db/connect.ts'
import { audit } from '../db/system/audit.ts'
import { leaveEvent } from '../db/system/outbox.ts'
import { createTenant } from '../db/system/tenants.ts'
import type { Stack } from '../embedded/stack.ts'
import { s3ObjectStore } from '../storage/s3/s3-object-store.ts'
import { until } from '../test/faults/until.ts'
import { testStack } from '../test/support/stack.ts'

/** The pump as it is shipped: plain workerd, real PostgreSQL, the local bucket. */
const freshId = <T extends string>(): T => uuidV7(Date.now(), randomBytes(10)) as T

const systemOf = (stack: Stack): Db => {
  const db = connect(stack.systemUrl, { max: 2 })
  onTestFinished(() => db.end({ timeout: 1 }))
  return db
}

/** A message that its consumer acknowledges at once: an upload that does not exist. */
const leave = (db: Db, dueMs = Date.now()) =>
  leaveEvent(db, {
    tenantId: freshId<TenantId>(),
    kind: 'upload.expired',
    payload: { uploadId: freshId() },
    traceparent: null,
    dueMs,
  })
const isEmpty = async (db: Db) => (await db`select 1 from outbox`).length === 0

describe('the outbox pump (issue 2, items 7 and 10)', () => {
  test('it consumes what is due when it is woken, and what is due later by its own alarm', async () => {
    const stack = await testStack()
    const db = systemOf(stack)
    await leave(db)
    await leave(db, Date.now() + 1_500)
    await fetch(`${stack.url}/healthz`)
    await until('the outbox is empty', () => isEmpty(db))
    expect(await db`select 1 from dead_letters`).toHaveLength(0)
  })

  test('kill -9: nothing that was left is lost', async () => {
    const stack = await testStack()
    const db = systemOf(stack)
    for (let i = 0; i < 50; i++) await leave(db)
    void fetch(`${stack.url}/healthz`).catch(() => undefined)
    await stack.worker.kill9()
    await leave(db)
    await stack.worker.restart()
    // What the killed process had claimed comes back when its lease is over: not waited for here.
    await db`update outbox set available_at = now()`
    await fetch(`${stack.url}/healthz`)
    await until('the outbox is empty', () => isEmpty(db))
  })

  test('two processes drain one outbox', async () => {
    const stack = await testStack()
    const second = await stack.addWorker()
    const db = systemOf(stack)
    for (let i = 0; i < 300; i++) await leave(db)
    await Promise.all([stack.url, second.url].map((url) => fetch(`${url}/healthz`)))
    await until('the outbox is empty', () => isEmpty(db))
    expect(await db`select 1 from dead_letters`).toHaveLength(0)
  })

  test('Postgres away and back: it tries again by itself', async () => {
    const stack = await testStack({ postgres: null })
    await stack.postgres!.stop()
    await fetch(`${stack.url}/healthz`)
    await stack.postgres!.start()
    const db = systemOf(stack)
    await leave(db)
    await until('the outbox is empty', () => isEmpty(db))
  })

  test('what an abandoned upload left in the real bucket is collected, and the audit is clean', async () => {
    const stack = await testStack({ env: { GC_GRACE_MS: '0' } })
    const db = systemOf(stack)
    const store = s3ObjectStore(stack.s3)
    const tenantId = freshId<TenantId>()
    const uploadId = freshId<UploadId>()
    await createTenant(db, { tenantId, name: 'Tenant', epoch: freshId(), now: new Date() })
    for (let i = 0; i < 3; i++) await put(store, uploadPrefix(tenantId, uploadId), Buffer.from(`left behind ${i}`))
    const report = () => audit({ db, store, now: Date.now(), graceMs: 0 })
    // Nobody knows the upload yet, so its objects are orphans, and no pump comes for them.
    expect((await report()).findings).toMatchObject({ 'orphan-objects': { count: 3 } })
    await db`insert into uploads (tenant_id, id, user_id, session_id, drafts, file_count, created_at, expires_at)
      values (${tenantId}, ${uploadId}, ${freshId()}, ${freshId()}, '[]', 1, now(), now() - interval '1 second')`
    const payload = { uploadId }
    await leaveEvent(db, { tenantId, kind: 'upload.expired', payload, traceparent: null, dueMs: Date.now() })
    await fetch(`${stack.url}/healthz`)
    await until('the outbox is empty', () => isEmpty(db))
    expect(await report()).toMatchObject({ clean: true, objects: 0, deadLetters: 0 })
  })
})

async function put(store: ReturnType<typeof s3ObjectStore>, prefix: string, bytes: Buffer): Promise<void> {
  const sha256 = createHash('sha256').update(bytes).digest('hex') as Sha256
  const target = { key: prefix + sha256, sha256, sizeBytes: bytes.length }
  const { method, url, headers } = await store.signPut(target, Date.now())
  const answer = await fetch(url, { method, headers, body: Uint8Array.from(bytes) })
  if (!answer.ok) throw new Error(`PUT: ${answer.status}`)
}
