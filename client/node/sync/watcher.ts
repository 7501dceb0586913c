import { watch } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Event } from '@parcel/watcher'
import { OWN_FOLDER } from '../../sync/own-folder.ts'
import type { LocalPath, Watcher } from '../../sync/ports.ts'
import type { BegunWatch } from './begun-watch.ts'
import { codeOf } from './disk/system-error.ts'
import { subscribe, TROUBLE, troubleOf, type OnEvents, type Subscribed } from './subscribe.ts'

/**
 * More folders, or more changes, in one batch: everything may have changed. The library does not tell when the queue of the system overflows (WA-01);
 * that happens in such floods only, and what slips through is found by the regular scans (WA-07).
 */
const HINTS_MAX = 512
const EVENTS_MAX = 2_048
/** Between two looks whether the system still watches what is new. */
const PROBE_MS = 10_000
/** Between two looks whether the root is there again. */
const ROOT_AGAIN_MS = 1_000

export type WatchOptions = {
  /** What may have been begun already. */
  begun?: BegunWatch | null
  /** Whether one more folder could be watched. */
  canWatchMore?: () => boolean
  nowMs?: () => number
}

/**
 * Watches a root by what the system offers: inotify, FSEvents, ReadDirectoryChangesW. It only hints at folders. Whatever goes wrong becomes one hint at
 * everything, and `trouble` of what was started tells what cannot go on, as of now.
 * @param rootPath without symbolic links; its marker was written
 */
export function watchRoot(rootPath: string, options: WatchOptions = {}): Watcher {
  return {
    start: async (onHint) => {
      const ending = new AbortController()
      let trouble: string | null = null
      const isLimitReached = createLimitProbe(rootPath, options)
      const onEvents: OnEvents = (error, events) => {
        if (ending.signal.aborted) return
        if (error) trouble = troubleOf(error)
        else if (events.some(({ type }) => type === 'create') && isLimitReached()) trouble = TROUBLE.limit
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
      const begun = await options.begun?.take(rootPath, onEvents)
      let subscribed = begun ? Promise.resolve(begun) : subscribe(rootPath, onEvents)
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

/** The library does not tell that a new folder could not be watched: so we try it ourselves, on a folder of ours. */
function createLimitProbe(
  rootPath: string,
  { canWatchMore, nowMs = () => performance.now() }: WatchOptions,
): () => boolean {
  const probe = canWatchMore ?? (() => canWatch(join(rootPath, OWN_FOLDER)))
  let lastMs = -PROBE_MS
  return () => {
    if (nowMs() - lastMs < PROBE_MS) return false
    lastMs = nowMs()
    return !probe()
  }
}

function canWatch(path: string): boolean {
  if (process.platform !== 'linux') return true
  try {
    watch(path, { persistent: false }).close()
    return true
  } catch (error) {
    return codeOf(error) !== 'ENOSPC' && codeOf(error) !== 'EMFILE'
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
