import { AppError } from '../errors.ts'
import type { NodeId, SpaceId, TenantId, UserId } from '../ids.ts'

/**
 * Places in a tenant's feed, opaque to clients (docs/spec/feed.md). A cursor says "after this entry"; a snapshot token says
 * "after this node, of a snapshot whose tail begins here". Both belong to who got them: the tag is a hash over the holder and the place, so that one
 * that was mixed up, edited or copied to another device is told apart from one that is merely old. It is no ticket:
 * what a page shows is decided by who asks.
 */
export type Cursor = {
  /** Changes when the database is restored from a backup, so that a place from before is recognised. */
  epoch: string
  seq: number
}

export type SnapshotToken = Cursor & {
  /** The last node of the page before. */
  after: NodeId
  /** The one space that is listed; `null`: all that the holder may read. */
  space: SpaceId | null
}

/** `device: null`: a client that is no registered device. */
export type Holder = { tenant: TenantId; user: UserId; device: string | null }

/** SHA-256 as lower-case hex. */
export type Hash = (text: string) => string

/** How far the journal reaches: the entries after `horizon`, up to `seq`. */
export type Reach = Cursor & {
  /** The last entry that compaction has removed; 0 = none. */
  horizon: number
}

export const SNAPSHOT_PATH = '/v1/sync/snapshot'

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const CURSOR = new RegExp(`^(${UUID})\\.([0-9a-z]{1,11})\\.([0-9a-f]{12})$`)
const TOKEN = new RegExp(`^(${UUID})\\.([0-9a-z]{1,11})\\.(${UUID})\\.([0-9a-f]{12})$`)
/** Of the longest of the two. */
export const CURSOR_MAX_LENGTH = 100

const tagOf = (holder: Holder, place: readonly string[], hash: Hash): string =>
  hash([holder.tenant, holder.user, holder.device ?? '-', ...place].join(' ')).slice(0, 12)

export function formatCursor({ epoch, seq }: Cursor, holder: Holder, hash: Hash): string {
  const place = [epoch, seq.toString(36)]
  return [...place, tagOf(holder, ['cursor', ...place], hash)].join('.')
}

/** @throws cursor-invalid: no cursor of ours, or of another tenant, user or device */
export function parseCursor(text: string, holder: Holder, hash: Hash): Cursor {
  const [, epoch, seq, tag] = CURSOR.exec(text) ?? []
  if (epoch === undefined || seq === undefined || tag !== tagOf(holder, ['cursor', epoch, seq], hash))
    throw invalid('cursor', 'this is no cursor that you were given')
  return { epoch, seq: seqOf(seq, 'cursor') }
}

/** Of cursors of any holder. `false` also when one of them is none. */
export function isOneEpoch(a: string | null, b: string): boolean {
  const [first, second] = [CURSOR.exec(a ?? '')?.[1], CURSOR.exec(b)?.[1]]
  return first !== undefined && first === second
}

export function formatSnapshotToken({ epoch, seq, after, space }: SnapshotToken, holder: Holder, hash: Hash): string {
  const place = [epoch, seq.toString(36), after]
  return [...place, tagOf(holder, ['snapshot', ...place, space ?? '-'], hash)].join('.')
}

/**
 * @param space as the request names it: the pages of one snapshot are all of the same
 * @throws cursor-invalid
 */
export function parseSnapshotToken(text: string, space: SpaceId | null, holder: Holder, hash: Hash): SnapshotToken {
  const [, epoch, seq, after, tag] = TOKEN.exec(text) ?? []
  const place = [epoch ?? '', seq ?? '', after ?? '']
  if (epoch === undefined || seq === undefined || tag !== tagOf(holder, ['snapshot', ...place, space ?? '-'], hash))
    throw invalid('after', 'this is no place in a snapshot that you were given')
  return { epoch, seq: seqOf(seq, 'after'), after: after as NodeId, space }
}

function seqOf(text: string, field: string): number {
  const seq = Number.parseInt(text, 36)
  if (!Number.isSafeInteger(seq)) throw invalid(field, 'this is no place in the journal')
  return seq
}

const invalid = (field: string, detail: string): AppError => new AppError('cursor-invalid', { field, detail })

const WHY = {
  epoch: 'the server was restored from a backup since then',
  ahead: 'the journal does not reach as far as this',
  horizon: 'the entries after this were compacted',
} as const

/** @throws resync-required: the journal cannot go on from here; a snapshot can */
export function requireWithin({ epoch, seq }: Cursor, reach: Reach): void {
  const reason = epoch !== reach.epoch ? 'epoch' : seq > reach.seq ? 'ahead' : seq < reach.horizon ? 'horizon' : null
  if (reason === null) return
  throw new AppError('resync-required', { reason, detail: WHY[reason], snapshot: SNAPSHOT_PATH })
}
