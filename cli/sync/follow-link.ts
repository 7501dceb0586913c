import { setTimeout as delay } from 'node:timers/promises'
import type { LinkEvent } from '../../client/node/sync/host/link-event.ts'
import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Say } from '../say.ts'
import type { World } from '../world.ts'
import type { LinkSource } from './link-source.ts'
import { outcomeOf } from './outcome.ts'
import { isLive, linesOf } from './view/live-view.ts'
import { sayEvents } from './view/say-events.ts'

/** `--once` gives up on a server that does not answer for so long. */
const OFFLINE_MAX_MS = 20_000

/**
 * Shows what happens until Ctrl-C, until the work ends, or with `once` until there is nothing left to be done.
 * @returns with `once` how it ended; otherwise 130: somebody has had enough
 */
export async function followLink(
  source: LinkSource,
  world: World,
  say: Say,
  { once }: { once: boolean },
): Promise<ExitCode> {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  world.signal.addEventListener('abort', end, { once: true })
  const watch = new OnceWatch(source, once, end)
  const events = await sayEvents(source, world, say)
  try {
    const listening = source.listen((event) => {
      events.take(event)
      watch.take(event)
    }, ending.signal)
    await watch.begin()
    if (world.signal.aborted) end()
    await listening
  } finally {
    world.signal.removeEventListener('abort', end)
    watch.close()
    await events.close()
  }
  if (watch.end !== null) {
    await say.json({ event: 'end', ...watch.end })
    // On a terminal the last picture stands there.
    if (!isLive(world, say) && !say.isQuiet) await say.lines(linesOf([watch.end.status], world, say))
  }
  return watch.end?.exit ?? (world.signal.aborted ? EXIT.interrupted : EXIT.failed)
}

/** Waits for the moment at which nothing is left that could be done now. */
class OnceWatch {
  /** How it ended. */
  end: { exit: ExitCode; status: LinkStatus } | null = null
  readonly #source: LinkSource
  readonly #isOn: boolean
  readonly #onEnd: () => void
  /** What was told before we asked to look is no answer. */
  #isFresh: boolean
  #offline = new AbortController()

  constructor(source: LinkSource, isOn: boolean, onEnd: () => void) {
    this.#source = source
    this.#isOn = isOn
    this.#onEnd = onEnd
    this.#isFresh = source.isOurs
  }

  async begin(): Promise<void> {
    if (!this.#isOn) return
    const { state } = await this.#source.status()
    // What does not move by being asked to look is as fresh as it gets.
    if (state === 'paused' || state === 'stopped' || state === 'offline') this.#isFresh = true
    if (!this.#source.isOurs) await this.#source.syncNow()
    if (this.#isFresh) await this.#judge()
  }

  take(event: LinkEvent): void {
    if (!this.#isOn || event.kind !== 'state') return
    if (event.state === 'scanning') this.#isFresh = true
    if (this.#isFresh) void this.#judge()
  }

  close(): void {
    this.#offline.abort()
  }

  async #judge(): Promise<void> {
    const status = await this.#source.status().catch(() => null)
    if (status === null || this.end !== null) return
    this.#offline.abort()
    if (status.state === 'offline') return this.#giveUpLater(status)
    const exit = outcomeOf(status)
    if (exit !== null) this.#endWith({ exit, status })
  }

  #endWith(end: { exit: ExitCode; status: LinkStatus }): void {
    this.end ??= end
    this.#onEnd()
  }

  #giveUpLater(status: LinkStatus): void {
    const waiting = (this.#offline = new AbortController())
    void delay(OFFLINE_MAX_MS, undefined, { signal: waiting.signal }).then(
      () => this.#endWith({ exit: EXIT.unreachable, status }),
      () => {},
    )
  }
}
