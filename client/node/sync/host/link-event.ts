import { z } from 'zod'
import type { SyncEvent } from '../../../sync/ports.ts'

const time = z.number().describe('Unix milliseconds')
const count = z.number()

/**
 * What a link tells while it is worked on: what the engine tells, and what becomes of the process round it. Names of files are in it; it never leaves
 * this computer. An event that a reader does not know is passed over.
 */
export const linkEventSchema = z.discriminatedUnion('kind', [
  z.object({
    time,
    kind: z.literal('state'),
    state: z.enum(['scanning', 'syncing', 'up-to-date', 'paused', 'offline', 'stopped']),
    reason: z.string().optional(),
  }),
  z.object({
    time,
    kind: z.literal('step'),
    at: z.enum(['begin', 'end', 'failed']),
    step: z.string(),
    item: z.string(),
    path: z.string(),
    error: z.string().optional(),
  }),
  z.object({
    time,
    kind: z.literal('progress'),
    filesLeft: count,
    bytesLeft: count,
    bytesPerSecond: count,
    more: z.boolean(),
  }),
  z.object({
    time,
    kind: z.literal('blocked'),
    item: z.string(),
    path: z.string(),
    reason: z.string(),
    detail: z.string(),
  }),
  z.object({
    time,
    kind: z.literal('brake'),
    mass: z.enum(['local', 'remote', 'older']),
    items: count,
    of: count,
  }),
  z.object({ time, kind: z.literal('brake-over') }),
  z.object({ time, kind: z.literal('guard'), path: z.string(), detail: z.string() }),
  z.object({ time, kind: z.literal('access'), canWrite: z.boolean() }),
  /** The sync database was damaged: both sides are compared anew, and nothing is deleted (DB-05). */
  z.object({ time, kind: z.literal('database-set-aside'), path: z.string() }),
  /** A mistake of ours: it starts again by itself. */
  z.object({ time, kind: z.literal('failure'), error: z.string() }),
])

export type LinkEvent = z.infer<typeof linkEventSchema>

type HostEvent = Exclude<LinkEvent, { kind: SyncEvent['kind'] }>
type WithoutTime<E> = E extends unknown ? Omit<E, 'time'> : never
/** Before it has got its time. */
export type ToldEvent = SyncEvent | WithoutTime<HostEvent>
