import type { DeviceId, SessionId, TenantId, UserId } from '../../core/ids.ts'
import type { Cursor } from '../../core/namespace/cursor.ts'
import type { Tx } from '../connect.ts'

/* A user's own devices; one that was revoked is there for nobody. */

export type DeviceRow = {
  id: DeviceId
  sessionId: SessionId
  name: string
  platform: string
  /** Unix milliseconds, as is the next. */
  createdAt: number
  lastSeenAt: number
  cursorEpoch: string | null
  cursorSeq: number | null
  lastError: string | null
}

const columns = (tx: Tx) => tx`
  id, session_id as "sessionId", name, platform, (extract(epoch from created_at) * 1000)::float8 as "createdAt",
  (extract(epoch from last_seen_at) * 1000)::float8 as "lastSeenAt", cursor_epoch as "cursorEpoch",
  cursor_seq::float8 as "cursorSeq", last_error as "lastError"`

export type OwnDevice = { tenant: TenantId; user: UserId; id: DeviceId }

/** Newest first. */
export const listDevices = (tx: Tx, tenant: TenantId, user: UserId, limit: number): Promise<DeviceRow[]> =>
  tx<DeviceRow[]>`select ${columns(tx)} from devices
    where tenant_id = ${tenant} and user_id = ${user} and revoked_at is null order by id desc limit ${limit}`

export async function findDevice(tx: Tx, { tenant, user, id }: OwnDevice): Promise<DeviceRow | null> {
  const [row] = await tx<
    DeviceRow[]
  >`select ${columns(tx)} from devices where tenant_id = ${tenant} and id = ${id} and user_id = ${user} and revoked_at is null`
  return row ?? null
}

export type DeviceSession = { sessionId: SessionId; name: string; platform: string; now: number }

/** A new device under a new id, unless the user has `max` of them: then `null`. Repeating it is no error. */
export async function insertDevice(
  tx: Tx,
  { tenant, user, id }: OwnDevice,
  { sessionId, name, platform, now, max }: DeviceSession & { max: number },
): Promise<DeviceRow | null> {
  const at = new Date(now)
  const [row] = await tx<DeviceRow[]>`
    insert into devices (tenant_id, id, user_id, session_id, name, platform, created_at, last_seen_at)
    select ${tenant}, ${id}, ${user}, ${sessionId}, ${name}, ${platform}, ${at}, ${at}
    where (select count(*) from devices where tenant_id = ${tenant} and user_id = ${user} and revoked_at is null) < ${max}
    on conflict (tenant_id, id) do update set last_seen_at = excluded.last_seen_at
    returning ${columns(tx)}`
  return row ?? null
}

/** The device is this session from now on. */
export async function bindDevice(
  tx: Tx,
  { tenant, user, id }: OwnDevice,
  { sessionId, name, platform, now }: DeviceSession,
): Promise<DeviceRow | null> {
  const [row] = await tx<DeviceRow[]>`
    update devices set session_id = ${sessionId}, name = ${name}, platform = ${platform},
      last_seen_at = greatest(last_seen_at, ${new Date(now)})
    where tenant_id = ${tenant} and id = ${id} and user_id = ${user} and revoked_at is null returning ${columns(tx)}`
  return row ?? null
}

export async function setDeviceError(
  tx: Tx,
  { tenant, user, id }: OwnDevice,
  lastError: string | null,
): Promise<DeviceRow | null> {
  const [row] = await tx<DeviceRow[]>`
    update devices set last_error = ${lastError} where tenant_id = ${tenant} and id = ${id} and user_id = ${user} and revoked_at is null returning ${columns(tx)}`
  return row ?? null
}

/** Repeating it is no error. */
export const revokeDevice = (tx: Tx, { tenant, user, id }: OwnDevice, now: number): Promise<unknown> =>
  tx`update devices set revoked_at = ${new Date(now)} where tenant_id = ${tenant} and id = ${id} and user_id = ${user} and revoked_at is null`

export type DeviceSeen = { id: DeviceId; at: number; cursor: Cursor | null }

/** Where devices stand, for many at once. `cursor: null` = where it was. Look-ups are laterals, see `enter` in db/connect.ts. */
export const noteDevices = (tx: Tx, tenant: TenantId, seen: readonly DeviceSeen[]): Promise<unknown> =>
  tx`with hit as materialized (
      select d.place, s.* from jsonb_to_recordset(${JSON.stringify(seen.map(flat))}::text::jsonb) s(id uuid, at float8, epoch uuid, seq int8)
      cross join lateral (select ctid as place from devices d where d.tenant_id = ${tenant} and d.id = s.id limit 1) d)
    update devices d set last_seen_at = greatest(d.last_seen_at, to_timestamp(hit.at / 1000)),
      cursor_epoch = coalesce(hit.epoch, d.cursor_epoch), cursor_seq = coalesce(hit.seq, d.cursor_seq)
    from hit where d.tenant_id = ${tenant} and d.ctid = hit.place`

const flat = ({ id, at, cursor }: DeviceSeen) => ({ id, at, epoch: cursor?.epoch ?? null, seq: cursor?.seq ?? null })
