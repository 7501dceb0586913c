import type { SessionId, TenantId, UserId } from './ids.ts'

/** Who a request is from, as its access token says. Whether the session still stands is asked where it matters: at the rows. */
export type Principal = {
  tenantId: TenantId
  userId: UserId
  sessionId: SessionId
  /** End of the access token, Unix milliseconds. */
  expiresAt: number
}
