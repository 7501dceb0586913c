import type { DeviceCode, DeviceState } from '../../../core/identity/device-code.ts'
import type { TenantId, UserId } from '../../../core/ids.ts'
import type { Db, Tx } from '../../connect.ts'

/* System queries: until a person approves it, a device belongs to no tenant. */

const SWEEP_LIMIT = 100
const KEEP_MS = 3_600_000

export type NewDeviceCode = {
  deviceHash: string
  userCodeHash: string
  deviceName: string
  clientAddress: string | null
  now: number
  expiresAt: number
  intervalMs: number
}

/** Answers false when the user code is taken: make another. Removes a few long expired rows on the way. */
export async function insertDeviceCode(tx: Tx, code: NewDeviceCode): Promise<boolean> {
  await tx`delete from device_codes where device_hash in (
    select device_hash from device_codes where expires_at < ${new Date(code.now - KEEP_MS)} order by expires_at limit ${SWEEP_LIMIT} for update skip locked)`
  const made = await tx`
    insert into device_codes (device_hash, user_code_hash, device_name, client_address, created_at, expires_at, state, interval_ms)
    values (${code.deviceHash}, ${code.userCodeHash}, ${code.deviceName}, ${code.clientAddress}, ${new Date(code.now)},
            ${new Date(code.expiresAt)}, 'pending', ${code.intervalMs})
    on conflict (user_code_hash) do nothing`
  return made.count === 1
}

/** Bounds the table: codes that somebody might still approve. */
export async function countPendingDeviceCodes(db: Db | Tx, now: number, limit: number): Promise<number> {
  const [row] = await db<{ pending: number }[]>`
    select count(*)::int as pending from (
      select 1 from device_codes where expires_at > ${new Date(now)} limit ${limit}) as live`
  return row?.pending ?? 0
}

type Row = {
  state: DeviceState
  expiresAt: Date
  lastPolledAt: Date | null
  intervalMs: number
  deviceName: string
  clientAddress: string | null
  createdAt: Date
  userId: UserId | null
  tenantId: TenantId | null
}

export type DeviceCodeRow = DeviceCode & {
  deviceName: string
  clientAddress: string | null
  createdAt: number
  userId: UserId | null
  tenantId: TenantId | null
}

const columns = (db: Db | Tx) => db`
  state, expires_at as "expiresAt", last_polled_at as "lastPolledAt", interval_ms as "intervalMs", device_name as "deviceName",
  client_address as "clientAddress", created_at as "createdAt", user_id as "userId", tenant_id as "tenantId"`

const fromRow = (row: Row | undefined): DeviceCodeRow | null =>
  row === undefined
    ? null
    : {
        ...row,
        expiresAt: row.expiresAt.getTime(),
        lastPolledAt: row.lastPolledAt?.getTime() ?? null,
        createdAt: row.createdAt.getTime(),
      }

/** By the device's own secret, locked: of two polls at once, one gets the tokens. */
export async function lockDeviceCode(tx: Tx, deviceHash: string): Promise<DeviceCodeRow | null> {
  const [row] = await tx<Row[]>`select ${columns(tx)} from device_codes where device_hash = ${deviceHash} for update`
  return fromRow(row)
}

/** By what a person typed. */
export async function findUserCode(db: Db, userCodeHash: string): Promise<DeviceCodeRow | null> {
  const [row] = await db<Row[]>`select ${columns(db)} from device_codes where user_code_hash = ${userCodeHash}`
  return fromRow(row)
}

export async function savePoll(tx: Tx, deviceHash: string, now: number, intervalMs: number): Promise<void> {
  await tx`update device_codes set last_polled_at = ${new Date(now)}, interval_ms = ${intervalMs} where device_hash = ${deviceHash}`
}

export async function useDeviceCode(tx: Tx, deviceHash: string): Promise<void> {
  await tx`update device_codes set state = 'used' where device_hash = ${deviceHash}`
}

/** A person's decision; false when it came too late or another was made before. */
export async function decideDeviceCode(
  db: Db,
  decision: { userCodeHash: string; approve: boolean; userId: UserId; tenantId: TenantId; now: number },
): Promise<boolean> {
  const { userCodeHash, approve, userId, tenantId, now } = decision
  const changed = await db`
    update device_codes set state = ${approve ? 'approved' : 'denied'}, user_id = ${userId}, tenant_id = ${tenantId}
    where user_code_hash = ${userCodeHash} and state = 'pending' and expires_at > ${new Date(now)}`
  return changed.count === 1
}
