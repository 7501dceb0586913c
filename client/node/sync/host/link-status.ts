import { z } from 'zod'
import { linkSchema } from '../links/link.ts'

const count = z.number()
const moment = z.number().nullable()

export const blockedItem = z.object({ path: z.string(), reason: z.string(), detail: z.string() })
const movement = z.object({ step: z.string(), path: z.string() })
const brake = z.object({ mass: z.enum(['local', 'remote', 'older']), items: count, of: count })

/**
 * How a link fares, as people and programs are told. `up-to-date` is said only when a plan of both sides was empty and nothing is on its way (I16);
 * with the reason `blocked` it holds for everything but what `blocked` lists.
 */
export const linkStatusSchema = z.object({
  link: linkSchema,
  /** Who works on it; `null`: nobody. */
  process: z
    .object({
      pid: z.int(),
      kind: z.enum(['foreground', 'background']),
      startedAt: z.number(),
      version: z.string(),
    })
    .nullable(),
  state: z.enum(['starting', 'scanning', 'syncing', 'up-to-date', 'paused', 'offline', 'stopped', 'not-running']),
  /** Of `stopped`, `offline` and `paused`: see docs/spec/sync-client.md. */
  reason: z.string().nullable(),
  since: moment,
  items: count,
  /** How many; `blockedItems` are the first of them. */
  blocked: count,
  blockedItems: z.array(blockedItem),
  /** `more`: there is more than that. */
  progress: z.object({ filesLeft: count, bytesLeft: count, bytesPerSecond: count, more: z.boolean() }).nullable(),
  /** What is under way, the longest first. */
  moving: z.array(movement),
  /** What was done, the newest first. */
  recent: z.array(movement.extend({ time: z.number() })),
  /** Deletes that wait for an answer (P9); `local`: they would be done here. */
  brake: brake.nullable(),
  canWrite: z.boolean(),
  /** What the watcher cannot do (WA-02). */
  watcherTrouble: z.string().nullable(),
  refusals: count,
  uncleanStops: count,
  lastUncleanStopAt: moment,
  lastUpToDateAt: moment,
  lastChangeAt: moment,
})

export type LinkStatus = z.infer<typeof linkStatusSchema>
export type BlockedItem = z.infer<typeof blockedItem>
export type LinkState = LinkStatus['state']
