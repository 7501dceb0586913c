import { gatewayApp } from './gateway/app.ts'
import { onQueue, onScheduled } from './queue-consumers/handlers.ts'

/**
 * The one script of the modular monolith: the gateway's fetch, the queue and cron handlers, the Durable Object classes and the named
 * entrypoints. Modules reach each other through bindings, so that moving one to a script of its own changes configuration only.
 */
export { TenantJournal } from '../durable-objects/tenant-journal.ts'
export { TenantReader } from '../durable-objects/tenant-reader.ts'
export { OutboxPump } from './queue-consumers/outbox-pump.ts'
export { Identity } from './identity/entrypoint.ts'

const app = gatewayApp()

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  queue: onQueue,
  scheduled: (_event, env, ctx) => onScheduled(env, ctx),
} satisfies ExportedHandler<Env>
