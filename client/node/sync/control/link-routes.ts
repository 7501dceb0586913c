import { z } from 'zod'
import type { LinkHost } from '../host/link-host.ts'
import type { ControlRoutes } from './serve-control.ts'

const answerSchema = z.strictObject({ answer: z.enum(['keep', 'delete']) })
/** What can be asked of who works on a link. */
export const linkRoutes = (host: LinkHost): ControlRoutes => ({
  'GET /alive': { answer: () => ({}) },
  'GET /status': { answer: () => host.status() },
  'GET /blocked': { answer: () => ({ items: host.blocked() }) },
  'GET /plan': { answer: () => host.look() },
  'GET /events': { stream: (write) => host.voice.listen(write) },
  'POST /reload': { answer: () => host.reload() },
  'POST /sync': { answer: () => host.syncNow() },
  'POST /answer': { body: answerSchema, answer: ({ answer }: z.infer<typeof answerSchema>) => host.answer(answer) },
  'POST /repair': { answer: async () => ({ files: await host.repair() }) },
  'POST /stop': { answer: () => host.stop() },
})
