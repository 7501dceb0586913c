import { followLive, liveWorld } from '../live.ts'
import type { HttpRemoteOptions } from './http-remote.ts'

/** The engine pulls by itself, and is asked this often how far it is. */
const LOOK_MS = 100
/** Then the connection goes on from where it is: it only wakes. */
const LOOKS_MAX = 300

type Following = { cursor: () => string | null; onNews: () => void; signal: AbortSignal }

/** A live connection that only says that there is something new. Ends when the signal does. @throws AppError session-revoked */
export async function followNews(options: HttpRemoteOptions, { cursor, onNews, signal }: Following): Promise<void> {
  const { baseUrl, accessToken, openWebSocket, fetch, device, clock, random, onAccess = () => {} } = options
  const world = liveWorld({ clock: clock.now, random: random.bytes }, signal)
  /** Until the engine has gone on from there. */
  const caughtUp = async (from: string | null): Promise<string> => {
    onNews()
    for (let looks = 0; ; looks++) {
      const at = cursor()
      if (at !== null && (at !== from || looks >= LOOKS_MAX)) return at
      await clock.sleep(LOOK_MS, signal)
    }
  }
  const way = { baseUrl, accessToken, cursor: cursor(), openWebSocket, fetch, world }
  await followLive(
    { ...way, ...(device === undefined ? {} : { device }) },
    {
      changes: onNews,
      pull: caughtUp,
      reset: () => caughtUp(cursor()),
      access: () => {
        onAccess()
        onNews()
      },
      connected: (way) => (way === null ? undefined : onAccess()),
    },
  )
}
