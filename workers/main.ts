import { gatewayApp } from './gateway/app.ts'

/**
 * The one script of the modular monolith: the gateway's fetch, the queue consumer, the Durable Object classes and the named
 * entrypoints. Modules reach each other through bindings, so that moving one to a script of its own changes configuration only.
 */
export { TenantJournal } from '../durable-objects/tenant-journal.ts'
export { TenantReader } from '../durable-objects/tenant-reader.ts'
export { OutboxPump } from '../durable-objects/outbox-pump.ts'
export { Identity } from './identity/entrypoint.ts'

const app = gatewayApp()

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
} satisfies ExportedHandler<Env>
