import { AppError } from '../core/errors.ts'
import type { DeviceId, SessionId, TenantId, UserId } from '../core/ids.ts'
import type { Cursor } from '../core/namespace/cursor.ts'
import type { Tx } from '../db/connect.ts'
import {
  bindDevice,
  findDevice,
  insertDevice,
  listDevices,
  noteDevices,
  revokeDevice,
  setDeviceError,
  type DeviceRow,
} from '../db/tenant/devices.ts'
import { DEVICES_MAX } from '../protocol/live.ts'

/** What devices say of themselves is gathered this long before it is written, for all of them at once. */
const MIRROR_AFTER_MS = 5_000
/** At most this often: below the ten seconds after which an idle object is evicted, so that little is lost with it. */
const MIRROR_EVERY_MS = 8_000
const MIRROR_BATCH = 2_000
/** Devices that were found to be somebody's. */
const MAX_KNOWN = 20_000

export type LiveDevicesDeps = {
  tenant: TenantId
  db: { read<T>(work: (tx: Tx) => Promise<T>): Promise<T> }
  clock: () => number
  freshId: () => DeviceId
  /** Has `mirror` called not later than then. */
  arm: (atMs: number) => void
}

/** As it goes to its owner. `lag`: entries that it has not acknowledged; `null`: it never came for any. */
export type DeviceView = Omit<DeviceRow, 'cursorEpoch' | 'cursorSeq'> & { lag: number | null }

type Seen = { at: number; cursor: Cursor | null }
type Asker = { session: SessionId; user: UserId }
type Own = { user: UserId; id: DeviceId }
type About = { id: DeviceId | null; name: string; platform: string }

/**
 * The registry of devices, and where each of them stands. A pull costs no write: positions are kept here and written to Postgres
 * now and then. What is lost with this object in between only makes a device look further behind than it is.
 */
export class LiveDevices {
  readonly #deps: LiveDevicesDeps
  readonly #known = new Map<DeviceId, UserId>()
  #seen = new Map<DeviceId, Seen>()
  /** On its way to Postgres: it counts until it is there. */
  #writing = new Map<DeviceId, Seen>()
  #mirroredAt = -Infinity

  constructor(deps: LiveDevicesDeps) {
    this.#deps = deps
  }

  /** @throws not-found: no device of this user */
  async require(user: UserId, id: DeviceId): Promise<void> {
    if (this.#known.get(id) === user) return
    const { db, tenant } = this.#deps
    const row = await db.read((tx) => findDevice(tx, { tenant, user, id }))
    if (!row) throw new AppError('not-found', { field: 'device' })
    this.#know(user, id)
  }

  /** It was heard of; with a cursor: it has everything through there. */
  seen(id: DeviceId, cursor: Cursor | null): void {
    const { clock, arm } = this.#deps
    const now = clock()
    if (this.#seen.size === 0) arm(Math.max(now + MIRROR_AFTER_MS, this.#mirroredAt + MIRROR_EVERY_MS))
    this.#seen.set(id, {
      at: now,
      cursor: cursor ?? this.#seen.get(id)?.cursor ?? this.#writing.get(id)?.cursor ?? null,
    })
  }

  /** Writes what was gathered. Safe to run at any time. */
  async mirror(): Promise<number | null> {
    const { db, tenant, clock } = this.#deps
    if (this.#seen.size === 0) return null
    const writing = (this.#writing = this.#seen)
    this.#seen = new Map()
    const rows = [...writing].map(([id, { at, cursor }]) => ({ id, at, cursor }))
    try {
      for (let at = 0; at < rows.length; at += MIRROR_BATCH)
        await db.read((tx) => noteDevices(tx, tenant, rows.slice(at, at + MIRROR_BATCH)))
    } catch (error) {
      for (const [id, { at, cursor }] of writing) {
        const newer = this.#seen.get(id)
        this.#seen.set(id, { at: newer?.at ?? at, cursor: newer?.cursor ?? cursor })
      }
      throw error
    }
    this.#writing = new Map()
    this.#mirroredAt = clock()
    return this.#seen.size === 0 ? null : this.#mirroredAt + MIRROR_EVERY_MS
  }

  async list(user: UserId, head: Cursor): Promise<DeviceView[]> {
    const { db, tenant } = this.#deps
    const rows = await db.read((tx) => listDevices(tx, tenant, user, DEVICES_MAX))
    return rows.map((row) => this.#view(row, head))
  }

  /**
   * Without `id`: a new device. With one: a device of the user, which is the asking session from now on.
   * @throws not-found, too-large (the user has very many)
   */
  async register({ session, user }: Asker, head: Cursor, about: About): Promise<DeviceView> {
    const { db, tenant, clock, freshId } = this.#deps
    const { id, name, platform } = about
    const as = { sessionId: session, name, platform, now: clock() }
    if (id !== null) return this.#view(found(await db.read((tx) => bindDevice(tx, { tenant, user, id }, as))), head)
    const own = { tenant, user, id: freshId() }
    const row = await db.read((tx) => insertDevice(tx, own, { ...as, max: DEVICES_MAX }))
    if (!row) throw new AppError('too-large', { detail: `at most ${DEVICES_MAX} devices: revoke one first` })
    return this.#view(row, head)
  }

  /** @throws not-found */
  async report({ user, id }: Own, head: Cursor, lastError: string | null): Promise<DeviceView> {
    const { db, tenant } = this.#deps
    return this.#view(found(await db.read((tx) => setDeviceError(tx, { tenant, user, id }, lastError))), head)
  }

  /** @returns the session that it is @throws not-found */
  async sessionOf(user: UserId, id: DeviceId): Promise<SessionId> {
    const { db, tenant } = this.#deps
    return found(await db.read((tx) => findDevice(tx, { tenant, user, id }))).sessionId
  }

  /** Repeating it is no error. */
  async revoke(user: UserId, id: DeviceId): Promise<void> {
    const { db, tenant, clock } = this.#deps
    await db.read((tx) => revokeDevice(tx, { tenant, user, id }, clock()))
    this.#known.delete(id)
    this.#seen.delete(id)
  }

  #know(user: UserId, id: DeviceId): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(id, user)
  }

  /** The row, and what was heard since it was written. */
  #view({ cursorEpoch, cursorSeq, ...row }: DeviceRow, head: Cursor): DeviceView {
    const seen = this.#seen.get(row.id) ?? this.#writing.get(row.id)
    const stored = cursorEpoch === null || cursorSeq === null ? null : { epoch: cursorEpoch, seq: cursorSeq }
    const cursor = seen?.cursor ?? stored
    const lag = cursor?.epoch === head.epoch ? Math.max(0, head.seq - cursor.seq) : null
    return { ...row, lastSeenAt: Math.max(row.lastSeenAt, seen?.at ?? 0), lag }
  }
}

function found<T>(thing: T | null): T {
  if (thing === null) throw new AppError('not-found')
  return thing
}
