import { createRequire } from 'node:module'
import { sep } from 'node:path'
import type { AsyncSubscription, BackendType, Event, Options } from '@parcel/watcher'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import { TROUBLE } from './trouble.ts'

/** When it is needed: most commands watch nothing, and it loads a library of its own. @throws where the system has none */
const loadWatcher = (): typeof import('@parcel/watcher') => createRequire(import.meta.url)('@parcel/watcher')

/** What the system itself offers: of the library's own choosing, another program might be asked. */
const BACKENDS: Partial<Record<NodeJS.Platform, BackendType>> = {
  linux: 'inotify',
  darwin: 'fs-events',
  win32: 'windows',
}

let lastTurn: Promise<unknown> = Promise.resolve()

/**
 * All watches of a process share one thread in the library, which ends with the last of them: a watch that is begun while the last one ends is heard of
 * no more, without an error. So they are begun and ended one after the other.
 */
function oneAtATime<T>(act: () => Promise<T>): Promise<T> {
  const acted = lastTurn.then(act)
  lastTurn = acted.catch(() => {})
  return acted
}

/** Never both. */
export type OnEvents = (error: Error | null, events: Event[]) => void
export type Subscribed = { subscription: AsyncSubscription | null; trouble: string | null }

/** Resolves when the system watches every folder there is below. */
export async function subscribe(rootPath: string, onEvents: OnEvents): Promise<Subscribed> {
  try {
    const backend = BACKENDS[process.platform]
    const options: Options = { ignore: [`${rootPath}${sep}${OWN_FOLDER}`], ...(backend && { backend }) }
    const watcher = loadWatcher()
    const { unsubscribe } = await oneAtATime(() => watcher.subscribe(rootPath, onEvents, options))
    return { subscription: { unsubscribe: () => oneAtATime(unsubscribe) }, trouble: null }
  } catch (error) {
    return { subscription: null, trouble: troubleOf(error) }
  }
}

/** The library gives texts, not codes. */
export function troubleOf(error: unknown): string {
  const text = String((error as Error | null)?.message)
  return /no space left|too many open files/i.test(text) ? TROUBLE.limit : TROUBLE.gone
}
