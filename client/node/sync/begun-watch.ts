import { realpathSync } from 'node:fs'
import { identityOf } from './disk/root.ts'
import { subscribe, type OnEvents, type Subscribed } from './subscribe.ts'

/**
 * A watch that nobody listens to yet. The library walks through the whole tree before it watches it, on a thread of its own: so that is begun first,
 * and the database is opened meanwhile. Whoever takes it looks at everything once, so what has happened until then is not kept.
 */
export class BegunWatch {
  readonly #path: string
  /** Of the folder that was there before the watch was begun. */
  readonly #identity: string | null
  readonly #subscribed: Promise<Subscribed>
  #error: Error | null = null
  #listener: OnEvents = (error) => void (this.#error = error)
  #isTaken = false

  /** @param path may be a symbolic link, or nothing at all */
  constructor(path: string) {
    this.#path = realOr(path)
    this.#identity = identityOf(this.#path)
    this.#subscribed = subscribe(this.#path, (error, events) => this.#listener(error, events))
  }

  /**
   * For whoever watches the folder from now on, and ends it. Once.
   * @param rootPath without symbolic links
   * @returns `null`: there is none, or it is of a folder that stood there before: a drive was mounted over it since (RT-01)
   */
  async take(rootPath: string, onEvents: OnEvents): Promise<Subscribed | null> {
    if (this.#isTaken) return null
    const subscribed = await this.#subscribed
    if (this.#isTaken) return null
    const isSame = this.#path === rootPath && this.#identity !== null && this.#identity === identityOf(rootPath)
    if (!isSame || this.#error !== null || subscribed.subscription === null) {
      await this.end()
      return null
    }
    this.#isTaken = true
    this.#listener = onEvents
    return subscribed
  }

  /** Unless somebody has taken it. */
  async end(): Promise<void> {
    if (this.#isTaken) return
    this.#isTaken = true
    await (await this.#subscribed).subscription?.unsubscribe().catch(() => {})
  }
}

function realOr(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
