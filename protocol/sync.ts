import { z } from 'zod'
import { change, nodeState, uuid } from './files.ts'

/**
 * The feed: what changed since a cursor, and the whole as it is (docs/spec/feed.md). Cursors and snapshot tokens are opaque, and of the
 * tenant, user and device that they were given to.
 */
export const FEED_PAGE_MAX = 1_000
/** A long poll ends after this many seconds. */
export const WAIT_MAX_SECONDS = 30

const device = uuid.optional().describe('your registered device: cursors are bound to it')

export const changesQuery = z.object({
  cursor: z.string().optional().describe('as a page before gave it; absent: from the beginning'),
  limit: z.coerce.number().int().min(1).max(FEED_PAGE_MAX).default(500),
  wait: z.coerce
    .number()
    .min(0)
    .max(WAIT_MAX_SECONDS)
    .default(0)
    .describe('seconds that an empty page may wait for something to say'),
  device,
})

const spaces = z.array(uuid).describe('the spaces that you may read now')

export const changesReply = z.object({
  changes: z.array(change),
  cursor: z.string().describe('where this page ends, also when nothing in it was for you'),
  more: z.boolean().describe('the journal goes on: ask again'),
  spaces,
})

export const snapshotQuery = z.object({
  after: z.string().optional().describe('as `next` of the page before'),
  limit: z.coerce.number().int().min(1).max(FEED_PAGE_MAX).default(500),
  space: uuid.optional().describe('of this space; absent: of all that you may read'),
  device,
})

export const snapshotReply = z.object({
  nodes: z
    .array(nodeState)
    .describe('all that is not purged, also what is in the trash; a parent comes with or before its children'),
  next: z.string().nullable().describe('pass as ?after= for the next page; null on the last'),
  cursor: z
    .string()
    .nullable()
    .describe('on the last page: where the changes go on that are not in the snapshot for certain'),
  seq: z
    .number()
    .int()
    .nullish()
    .describe(
      'on the last page: of the last change that is in the snapshot for certain, whether it tells of the node or not',
    ),
  spaces,
})

export type Change = z.infer<typeof change>
export type ChangesReply = z.infer<typeof changesReply>
export type SnapshotReply = z.infer<typeof snapshotReply>
