import { z } from 'zod'
import { planReplySchema, type PlanReply } from '../host/describe-plan.ts'
import { linkEventSchema, type LinkEvent } from '../host/link-event.ts'
import { blockedItem, linkStatusSchema, type BlockedItem, type LinkStatus } from '../host/link-status.ts'
import { openControl, type Control } from './call-control.ts'

const nothing = z.unknown()

export type LinkControl = {
  status(): Promise<LinkStatus>
  blocked(): Promise<BlockedItem[]>
  plan(): Promise<PlanReply>
  events(signal: AbortSignal): AsyncIterable<LinkEvent>
  /** What was decided about the link is in its file. */
  reload(): Promise<void>
  syncNow(): Promise<void>
  answer(answer: 'keep' | 'delete'): Promise<void>
  /** Fetches again what the disk has damaged. @returns how many files */
  repair(): Promise<number>
  /** Only of a link that is worked on in the foreground: the background process takes it up again. */
  stop(): Promise<void>
}

/** @param path see `LinkFolder.control`. `null`: nobody works on the link */
export async function openLinkControl(path: string): Promise<LinkControl | null> {
  const control = await openControl(path)
  return control === null ? null : linkControlOf(control)
}

function linkControlOf({ call, lines }: Control): LinkControl {
  const tell = async (path: string, body: unknown = {}): Promise<void> =>
    void (await call('POST', path, { reply: nothing, body }))
  return {
    status: () => call('GET', '/status', { reply: linkStatusSchema }),
    blocked: async () => (await call('GET', '/blocked', { reply: z.object({ items: z.array(blockedItem) }) })).items,
    plan: () => call('GET', '/plan', { reply: planReplySchema }),
    events: (signal) => lines('/events', linkEventSchema, signal),
    reload: () => tell('/reload'),
    syncNow: () => tell('/sync'),
    answer: (answer) => tell('/answer', { answer }),
    repair: async () => (await call('POST', '/repair', { reply: z.object({ files: z.number() }), body: {} })).files,
    stop: () => tell('/stop'),
  }
}
