import { setTimeout as wait } from 'node:timers/promises'
import type { Ending } from './child.ts'

/** A server that is started again when it ends by itself, and stays down only when it was told to. */
export type KeptAlive<Server> = {
  current(): Server
  /** Takes it down by `stop` and leaves it down. Repeating it is no error. */
  takeDown(stop: (server: Server) => Promise<void>): Promise<void>
  /** Starts it after `takeDown`. */
  bringUp(): Promise<void>
}

/** `restartInMs` is `null` when it is given up. */
export type Crash = { ending: Ending; restartInMs: number | null }

const FIRST_RESTART_MS = 100
const LAST_RESTART_MS = 10_000
const MOST_RESTARTS = 10
/** One that ran this long before it died counts as sound: the count begins anew. */
const SOUND_AFTER_MS = 60_000

/** Throws what the first `start` throws; a later one that fails is tried again with longer and longer pauses. */
export async function keepAlive<Server extends { ended: Promise<Ending> }>(
  start: () => Promise<Server>,
  onCrash: (crash: Crash) => void,
): Promise<KeptAlive<Server>> {
  let server = await start()
  let wanted = true
  let crashes = 0
  let reviving: Promise<void> = Promise.resolve()
  let pauses = new AbortController()

  const watch = (watched: Server): void => {
    const startedAt = performance.now()
    void watched.ended.then((ending) => {
      if (!wanted || watched !== server) return
      if (performance.now() - startedAt > SOUND_AFTER_MS) crashes = 0
      reviving = revive(ending)
    })
  }
  const revive = async (ending: Ending): Promise<void> => {
    const restartInMs = crashes < MOST_RESTARTS ? Math.min(FIRST_RESTART_MS * 2 ** crashes, LAST_RESTART_MS) : null
    crashes++
    onCrash({ ending, restartInMs })
    if (restartInMs === null) return
    await wait(restartInMs, undefined, { signal: pauses.signal }).catch(() => {})
    if (wanted && !(await tryToStart())) await revive(ending)
  }
  const tryToStart = (): Promise<boolean> =>
    bringUp().then(
      () => true,
      () => false,
    )
  const bringUp = async (): Promise<void> => {
    server = await start()
    watch(server)
  }
  watch(server)
  return {
    current: () => server,
    async bringUp() {
      wanted = true
      pauses = new AbortController()
      await bringUp()
    },
    async takeDown(stop) {
      wanted = false
      pauses.abort()
      await reviving
      await stop(server)
    },
  }
}
