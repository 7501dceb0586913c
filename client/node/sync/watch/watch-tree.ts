import { dirname, relative, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Event } from '@parcel/watcher'
import { OWN_FOLDER } from '../../../sync/own-folder.ts'
import type { LocalPath, Watcher } from '../../../sync/ports.ts'
import { subscribe, troubleOf, type OnEvents, type Subscribed } from './subscribe.ts'

/**
 * More folders, or more changes, in one batch: everything may have changed. The library does not tell when the queue of the system overflows (WA-01);
 * that happens in such floods only, and what slips through is found by the regular scans (WA-07).
 */
const HINTS_MAX = 512
const EVENTS_MAX = 2_048
/** Between two looks whether the root is there again. */
const ROOT_AGAIN_MS = 1_000

/**
 * Watches all that is below a root where the system can: FSEvents, ReadDirectoryChangesW. It only hints at folders. Whatever goes wrong becomes one hint at
 * everything, and `trouble` of what was started tells what cannot go on, as of now.
 * @param rootPath without symbolic links; its marker was written
 */
export function watchTree(rootPath: string): Watcher {
  return {
    start: async (onHint) => {
      const ending = new AbortController()
      let trouble: string | null = null
      const onEvents: OnEvents = (error, events) => {
        if (ending.signal.aborted) return
        if (error) trouble = troubleOf(error)
        for (const hint of error ? [null] : foldersOf(rootPath, events)) onHint(hint)
        if (events.some(({ type, path }) => type === 'delete' && path === rootPath)) subscribed = again(subscribed)
      }
      /** A root that has gone is watched no more, not even when it comes back: RT-06, a moment later or a day. */
      const again = async (before: Promise<Subscribed>): Promise<Subscribed> => {
        // Of a root that has gone there may be nothing left to end.
        await (await before).subscription?.unsubscribe().catch(() => {})
        const found = await subscribeAgain(rootPath, onEvents, ending.signal)
        trouble = found.trouble
        if (!ending.signal.aborted) onHint(null)
        return found
      }
      let subscribed = subscribe(rootPath, onEvents)
      const first = await subscribed
      trouble ??= first.trouble
      // What came before the watches were set is not hinted at by anybody (WA-04).
      onHint(null)
      return {
        get trouble() {
          return trouble
        },
        stop: async () => {
          ending.abort()
          await (await subscribed).subscription?.unsubscribe()
        },
      }
    },
  }
}

/** Until the root is there again, or nobody asks any more. */
async function subscribeAgain(rootPath: string, onEvents: OnEvents, signal: AbortSignal): Promise<Subscribed> {
  for (;;) {
    if (signal.aborted) return { subscription: null, trouble: null }
    const found = await subscribe(rootPath, onEvents)
    if (found.subscription !== null) return found
    await delay(ROOT_AGAIN_MS, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** The folders in which something came, went or changed; `[null]`: too many, or the root itself. */
export function foldersOf(rootPath: string, events: readonly Event[]): (LocalPath | null)[] {
  const folders = new Set<LocalPath>()
  if (events.length > EVENTS_MAX) return [null]
  for (const { path } of events) {
    if (path === rootPath) return [null]
    const folder = relative(rootPath, dirname(path))
    if (folder === '..' || folder.startsWith(`..${sep}`)) continue
    const local = sep === '/' ? folder : folder.replaceAll(sep, '/')
    if (local === OWN_FOLDER || local.startsWith(`${OWN_FOLDER}/`)) continue
    folders.add(local)
    if (folders.size > HINTS_MAX) return [null]
  }
  return [...folders]
}
