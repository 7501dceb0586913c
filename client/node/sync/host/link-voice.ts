import { Activity } from './activity.ts'
import { EventLog } from './event-log.ts'
import type { LinkEvent, ToldEvent } from './link-event.ts'
import type { LinkFolder } from '../links/link-folder.ts'
import { Tally } from './tally.ts'

type Listener = (event: LinkEvent) => void

/** Everything that is told of a link, and who hears it: the log, the counts, and whoever listens now. */
export class LinkVoice {
  readonly activity = new Activity()
  readonly tally: Tally
  readonly #log: EventLog
  readonly #now: () => number
  readonly #listeners = new Set<Listener>()

  constructor(folder: LinkFolder, now: () => number) {
    this.tally = new Tally(folder.tally)
    this.#log = new EventLog(folder.log)
    this.#now = now
  }

  tell(told: ToldEvent): void {
    const time = this.#now()
    if (told.kind === 'state' && this.#isKnown(told.state, told.reason)) return
    const event: LinkEvent = { ...told, time }
    this.activity.take(event)
    if (event.kind === 'step' && event.at === 'end') this.tally.note({ lastChangeAt: time })
    if (event.kind === 'state' && event.state === 'up-to-date') this.tally.note({ lastUpToDateAt: time })
    if (event.kind === 'access') this.tally.note({ canWrite: event.canWrite })
    this.#log.add(event)
    for (const listener of this.#listeners) listener(event)
  }

  /** @returns ends it */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.tally.save()
    await this.#log.close()
  }

  #isKnown(state: string, reason: string | undefined): boolean {
    const { shown } = this.activity
    return shown.state === state && shown.reason === (reason ?? null)
  }
}
