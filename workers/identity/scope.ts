import type { Db } from '../../db/connect.ts'
import type { Logger } from '../../telemetry/log.ts'
import { uuidV7, type SessionId, type TenantId } from '../../core/ids.ts'
import type { KeyRing } from './keys.ts'

/** What one request of identity works with; made by the entrypoint, or by a test. */
export type IdentityScope = {
  /** Logged in as `bitvault_system`. */
  db: Db
  keys: KeyRing
  /** Where people reach this installation, without a slash at the end: issuer, links, the only allowed `Origin`. */
  publicUrl: string
  /** What opens the first-run page; null shuts it. */
  setupToken: string | null
  /** The header in which a trusted proxy names the client's address; null when there is none to trust. */
  clientAddressHeader: string | null
  /** Unix milliseconds. */
  now: () => number
  random: (length: number) => Uint8Array<ArrayBuffer>
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** These have ended, and that is committed: whatever they hold open is closed soon. Waits for nothing. */
  tellEnded: (tenantId: TenantId, sessions: SessionId[]) => void
}

export const newId = <T extends string>(scope: IdentityScope): T => uuidV7(scope.now(), scope.random(10)) as T

/** Where the request comes from, as far as it can be told. */
export function clientAddress(scope: IdentityScope, request: Request): string | null {
  const named = scope.clientAddressHeader === null ? null : request.headers.get(scope.clientAddressHeader)
  // With several proxies the last entry is the one that ours has written.
  const address = named?.split(',').at(-1)?.trim()
  return address !== undefined && /^[0-9a-fA-F.:]{2,45}$/.test(address) ? address : null
}
