import type { LinkControl } from '../../client/node/sync/control/link-control.ts'
import type { LinkEvent } from '../../client/node/sync/host/link-event.ts'
import type { LinkHost } from '../../client/node/sync/host/link-host.ts'
import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'

/** A link that somebody works on, as this command sees it: in this process, or in another one. */
export type LinkSource = {
  /** `false`: another process works on it, and goes on when this command ends. */
  readonly isOurs: boolean
  status(): Promise<LinkStatus>
  /** Everything that happens from now on. Ends with the work, or with the signal. */
  listen(onEvent: (event: LinkEvent) => void, signal: AbortSignal): Promise<void>
  syncNow(): Promise<void>
}

/** @param ended of the work */
export const ownSource = (host: LinkHost, ended: Promise<void>): LinkSource => ({
  isOurs: true,
  status: async () => host.status(),
  listen: async (onEvent, signal) => {
    const end = host.voice.listen(onEvent)
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    try {
      await Promise.race([ended, aborted])
    } finally {
      end()
    }
  },
  syncNow: async () => host.syncNow(),
})

export const otherSource = (control: LinkControl): LinkSource => ({
  isOurs: false,
  status: () => control.status(),
  listen: async (onEvent, signal) => {
    for await (const event of control.events(signal)) onEvent(event)
  },
  syncNow: () => control.syncNow(),
})
