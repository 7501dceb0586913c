import { createHash, randomBytes } from 'node:crypto'
import { MAX_ATTEMPTS, type BusMessage, type EventKind, type Verdict } from '../../core/event-bus.ts'
import { noFaults, type Faults } from '../../core/fault-points.ts'
import { uploadPrefix } from '../../core/content.ts'
import {
  uuidV7,
  type MutationId,
  type NodeId,
  type SessionId,
  type Sha256,
  type SpaceId,
  type TenantId,
  type UploadId,
  type UserId,
} from '../../core/ids.ts'
import { drain } from '../../bus/postgres/drain.ts'
import { decideBatch } from '../../core/namespace/decide.ts'
import type { Mutation, Outcome, StagedChunk } from '../../core/namespace/model.ts'
import { asTenant, type Db, type Tx } from '../../db/connect.ts'
import { createPersonalSpace, createTenant } from '../../db/system/tenants.ts'
import { factsNeeded, factsOf, gatherFacts, noFacts } from '../../db/tenant/facts.ts'
import { takeLease } from '../../db/tenant/lease.ts'
import { insertUpload } from '../../db/tenant/uploads.ts'
import { writeEffects } from '../../db/tenant/write-effects.ts'
import { memoryObjectStore } from '../../storage/memory/memory-object-store.ts'
import { createLogger } from '../../telemetry/log.ts'
import { memoryExporter } from '../../telemetry/span.ts'
import { createTracer } from '../../telemetry/tracer.ts'
import { consumers } from '../../workers/queue-consumers/consumers.ts'
import { testDatabase } from './test-database.ts'
import { commitIn } from './world-journal.ts'

export const GRACE_MS = 60_000
export const TTL_MS = 600_000
const START_MS = Date.UTC(2026, 10, 20, 12)

/** What of a journal stays; a test may change its world's. */
export const KEEP_JOURNAL = { ms: 30 * 86_400_000, entries: 100_000, pageEntries: 1_000 }

export const freshId = <T extends string>(): T => uuidV7(START_MS, randomBytes(10)) as T
export const sha256 = (bytes: Uint8Array): Sha256 => createHash('sha256').update(bytes).digest('hex') as Sha256

/** One tenant with a folder, on a real Postgres, a bucket in memory and a clock that is moved by hand. */
export async function asyncWorld() {
  const database = await testDatabase()
  const clock = { now: START_MS, advance: (ms: number) => void (clock.now += ms) }
  const world = {
    ...database,
    clock,
    store: memoryObjectStore({ now: () => clock.now }),
    tenantId: freshId<TenantId>(),
    userId: freshId<UserId>(),
    sessionId: freshId<SessionId>(),
    rootId: freshId<NodeId>(),
    spaceId: freshId<SpaceId>(),
    exporter: memoryExporter(),
    logs: [] as string[],
    keepJournal: { ...KEEP_JOURNAL },
  }
  const { tenantId, userId, sessionId, rootId, spaceId, system } = world
  await createTenant(system, { tenantId, name: 'Tenant', epoch: freshId(), now: new Date(clock.now) })
  await createPersonalSpace(system, { tenantId, spaceId, rootId, userId, name: 'Files', now: new Date(clock.now) })
  await signIn(system, { tenantId, userId, sessionId })
  return world
}

const FOREVER = new Date(Date.UTC(2100, 0, 1))

/** A member with a session that stands as long as anybody asks. */
async function signIn(
  system: Db,
  { tenantId, userId, sessionId }: { tenantId: TenantId; userId: UserId; sessionId: SessionId },
): Promise<void> {
  const now = new Date(START_MS)
  await system`insert into users (id, email, display_name, created_at) values (${userId}, ${`${userId}@example.com`}, 'Anna', ${now})`
  await system`insert into memberships (tenant_id, user_id, role, created_at) values (${tenantId}, ${userId}, 'owner', ${now})`
  await system`insert into sessions (id, tenant_id, user_id, device_name, kind, created_at, last_used_at, absolute_expiry)
    values (${sessionId}, ${tenantId}, ${userId}, 'test', 'device', ${now}, ${now}, ${FOREVER})`
}

export type AsyncWorld = Awaited<ReturnType<typeof asyncWorld>>

export function consumeIn(world: AsyncWorld, faults: Faults = noFaults) {
  const clock = () => world.clock.now
  return consumers({
    db: world.system,
    store: world.store,
    now: clock,
    graceMs: GRACE_MS,
    commit: (tenant, mutations) => commitIn(world, tenant, mutations),
    freshId,
    keepJournal: world.keepJournal,
    faults,
    tracer: createTracer({ component: 'consumer', exporter: world.exporter, clock, random: (n) => randomBytes(n) }),
    log: createLogger({ component: 'consumer', write: (line) => void world.logs.push(line), clock }),
  })
}

/** Delivers one message to the consumers, outside any bus. */
export const deliver = (
  world: AsyncWorld,
  kind: EventKind,
  payload: BusMessage['payload'],
  faults?: Faults,
): Promise<Verdict> =>
  consumeIn(
    world,
    faults,
  )({
    message: { id: freshId(), tenantId: world.tenantId, kind, payload, traceparent: null },
    attempt: 1,
  })

/** Everything that is due now, until nothing is. */
export const drainIn = (world: AsyncWorld, faults: Faults = noFaults) =>
  drain({ db: world.system, consume: consumeIn(world, faults), now: () => world.clock.now, dice: () => 0, faults })

/** Moves the clock from one due message to the next until the outbox is empty. */
export async function drainForever(world: AsyncWorld): Promise<void> {
  for (let steps = 0; steps < 20 * MAX_ATTEMPTS; steps++) {
    const { nextDueMs } = await drainIn(world)
    if (nextDueMs === null) return
    world.clock.now = Math.max(world.clock.now, nextDueMs)
  }
  throw new Error('the outbox does not come to rest')
}

/** An open upload of so many files, with the message that will sweep it. */
export async function openUpload(world: AsyncWorld, files = 1): Promise<UploadId> {
  const id = freshId<UploadId>()
  const draft = {
    mutationId: id,
    target: { parent: world.rootId, name: 'a' },
    base: 0,
    size: 0,
    sha256: null,
    content: null,
    mtimeNs: null,
    executable: false,
  }
  const createdAt = world.clock.now
  const expiresAt = createdAt + TTL_MS
  await asTenant(world.app, world.tenantId, (tx) =>
    insertUpload(tx, world.tenantId, {
      id,
      userId: world.userId,
      sessionId: world.sessionId,
      drafts: Array.from({ length: files }, () => draft),
      multipart: null,
      createdAt,
      expiresAt,
      sweepAt: expiresAt + GRACE_MS,
      traceparent: null,
    }),
  )
  return id
}

/** Puts an object of an upload down, as a client does. */
export function put(world: AsyncWorld, uploadId: UploadId, bytes: Uint8Array): StagedChunk & { sha256: Sha256 } {
  const hash = sha256(bytes)
  const objectKey = uploadPrefix(world.tenantId, uploadId) + hash
  world.store.place(objectKey, bytes)
  return { sha256: hash, objectKey, offset: 0, length: bytes.length, verified: true }
}

export type CommitOptions = {
  name: string
  uploadId: UploadId | null
  /** Chunks of this upload; one without a location must be held already. */
  chunks: ({ sha256: Sha256; length: number } & Partial<StagedChunk>)[]
  /** Called inside the transaction, when everything is written and nothing committed. */
  beforeCommit?: (tx: Tx) => Promise<void>
  /** Called between the decision and the write. */
  beforeWrite?: () => Promise<void>
}

/** One file through the real path: facts, decision, write. Throws what the write throws (BV002: the facts changed). */
export async function commitFile(world: AsyncWorld, options: CommitOptions): Promise<Outcome> {
  const { app, tenantId, clock } = world
  const mutation = writeMutation(world, options)
  const head = (await takeLease(app, tenantId))!
  const decision = await decideOne(world, mutation)
  await options.beforeWrite?.()
  const fence = { lease: head.lease, oldSeq: head.seq, at: new Date(clock.now) }
  await asTenant(app, tenantId, async (tx) => {
    await Promise.all(writeEffects(tx, tenantId, decision.effects, fence))
    await options.beforeCommit?.(tx)
  })
  return decision.outcomes[0]!
}

async function decideOne({ app, tenantId, userId, sessionId, spaceId, clock }: AsyncWorld, mutation: Mutation) {
  let wanted = factsOf([mutation])
  const facts = noFacts()
  const standing = 'active' as const
  const ids: NodeId[] = []
  const idAt = (index: number): NodeId => (ids[index] ??= freshId())
  for (;;) {
    await asTenant(app, tenantId, (tx) => gatherFacts(tx, tenantId, wanted, facts))
    facts.principals.set(sessionId, { standing, userId, device: 'test', roles: { [spaceId]: 'manager' } })
    const copy = { ...facts, nodes: new Map(facts.nodes), children: new Map(facts.children) }
    const decision = decideBatch(copy, [mutation], clock.now, idAt)
    if (decision.at === 'decided') return decision
    wanted = factsNeeded(decision.needs)
  }
}

function writeMutation({ userId, sessionId, rootId }: AsyncWorld, { name, uploadId, chunks }: CommitOptions): Mutation {
  const size = chunks.reduce((sum, { length }) => sum + length, 0)
  const located = chunks.flatMap(({ sha256: hash, ...chunk }) =>
    chunk.objectKey === undefined ? [] : [[hash, chunk as StagedChunk] as const],
  )
  return {
    kind: 'write-file',
    nodeKind: 'file',
    id: freshId<MutationId>(),
    fingerprint: name,
    actor: { userId, sessionId },
    traceparent: null,
    uploadId,
    target: { parent: rootId, name },
    base: 0,
    content: {
      codec: 'raw',
      size,
      sha256: sha256(Buffer.from(name)),
      contentId: sha256(Buffer.from(`content of ${name}`)),
      held: 'chunks',
      chunks: chunks.map(({ sha256: hash, length }) => ({ sha256: hash, size: length, plain: length })),
    },
    staged: Object.fromEntries(located),
    mtimeNs: null,
    executable: false,
  }
}

/** Makes a file's content unreferenced, as purging the version will: its chunks are orphans then. */
export async function purgeFile({ owner }: AsyncWorld, nodeId: NodeId): Promise<void> {
  await owner.begin(async (tx) => {
    const gone = await tx<
      { ref: string }[]
    >`delete from versions where node_id = ${nodeId} returning content_ref as ref`
    for (const { ref } of gone) {
      await tx`delete from content_chunks where content_ref = ${ref}`
      await tx`delete from contents where id = ${ref}`
    }
    await tx`delete from nodes where id = ${nodeId}`
  })
}
