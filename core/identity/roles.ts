export type Role = 'owner' | 'admin' | 'member'

/** Signing in this recently counts as strong authentication (T28): longer ago, do it again first. */
export const RECENT_SIGN_IN_MS = 3_600_000

export const isRecent = (signedInAt: number, now: number): boolean => now - signedInAt <= RECENT_SIGN_IN_MS

const RANK = { owner: 2, admin: 1, member: 0 } as const satisfies Record<Role, number>

/** Owners manage everyone, admins manage members only; nobody manages an equal but owners. */
export const mayManage = (actor: Role, target: Role): boolean =>
  actor === 'owner' || (actor === 'admin' && RANK[target] < RANK.admin)

export const mayListMembers = (actor: Role): boolean => RANK[actor] >= RANK.admin
