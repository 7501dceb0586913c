import { z } from 'zod'
import type { SyncDaemon } from '../host/daemon.ts'
import { openControl } from './call-control.ts'
import type { ControlRoutes } from './serve-control.ts'

const statusSchema = z.object({
  process: z.object({ pid: z.int(), startedAt: z.number(), version: z.string() }),
  links: z.array(
    z.object({ id: z.string(), is: z.enum(['working', 'held', 'failed']), detail: z.string().nullable() }),
  ),
})
export type DaemonStatus = z.infer<typeof statusSchema>

/** What can be asked of the background process as a whole. */
export const daemonRoutes = (daemon: SyncDaemon): ControlRoutes => ({
  'GET /alive': { answer: () => ({}) },
  'GET /status': { answer: () => ({ process: daemon.process, links: daemon.links() }) },
  'POST /reload': { answer: () => daemon.reload() },
  'POST /stop': { answer: () => daemon.stop() },
})

export type DaemonControl = {
  status(): Promise<DaemonStatus>
  /** Resolves when every link has been taken up, or cannot be. */
  reload(): Promise<void>
  stop(): Promise<void>
}

/** `null`: there is no background process. */
export async function openDaemonControl(path: string): Promise<DaemonControl | null> {
  const control = await openControl(path)
  if (control === null) return null
  const tell = async (question: string): Promise<void> =>
    void (await control.call('POST', question, { reply: z.unknown(), body: {} }))
  return {
    status: () => control.call('GET', '/status', { reply: statusSchema }),
    reload: () => tell('/reload'),
    stop: () => tell('/stop'),
  }
}
