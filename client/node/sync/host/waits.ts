import type { Clock } from '../../../sync/ports.ts'
import type { LinkVoice } from './link-voice.ts'
import type { LinkRoot } from './link-root.ts'
import { identityOf } from '../disk/root.ts'
import type { SignIn } from './sign-in.ts'

const LOOK_MS = 2_000
/** Without another sign-in, too: the clock may have been wrong, or the server. */
const AGAIN_MS = 300_000
export const ROOT_AGAIN_MS = 5_000

type Waiting = { clock: Clock; sleep: (ms: number) => Promise<void>; signal: AbortSignal }

/** @param before the mark of the sign-in that has ended; `null`: nobody was signed in */
export async function untilSignedIn(signIn: SignIn, before: string | null, waiting: Waiting): Promise<void> {
  const { clock, sleep, signal } = waiting
  const until = clock.now() + AGAIN_MS
  for (let mark = before; !signal.aborted;) {
    if (mark !== null && (mark !== before || clock.now() > until)) return
    await sleep(LOOK_MS)
    mark = await signIn.mark()
  }
}

/** A drive that comes back is another folder to the system: then everything has to be opened anew. Resolves then, or with the signal. */
export async function untilRootIsAnother(
  root: LinkRoot,
  voice: LinkVoice,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const path = root.disk.rootPath
  const opened = identityOf(path)
  while (!signal.aborted) {
    await clock.sleep(ROOT_AGAIN_MS, signal).catch(() => {})
    const { state, reason } = voice.activity.shown
    if (state !== 'stopped' || (reason !== 'root-missing' && reason !== 'root-other')) continue
    const found = identityOf(path)
    if (found !== null && found !== opened) return
  }
}
