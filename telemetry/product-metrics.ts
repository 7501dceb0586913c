import { BATCH_SIZES, LATENCY_SECONDS, type MetricsRegistry } from './metrics.ts'

/** The metric families of the product (docs/spec/tracing.md, ME-4), declared in one place so that names stay alike. */
export type ProductMetrics = ReturnType<typeof productMetrics>

/** @param routes the gateway's route patterns; a request that matched none is counted as `other` */
export function productMetrics(registry: MetricsRegistry, routes: readonly string[]) {
  return {
    requests: registry.counter({
      name: 'bitvault_http_requests',
      help: 'Requests answered by the gateway.',
      labels: { route: routes, status: ['1xx', '2xx', '3xx', '4xx', '5xx'] },
    }),
    requestDuration: registry.histogram({
      name: 'bitvault_http_request_duration_seconds',
      unit: 'seconds',
      help: 'Time from the request to the start of its answer.',
      labels: { route: routes },
      buckets: LATENCY_SECONDS,
    }),
    mutations: registry.counter({
      name: 'bitvault_journal_mutations',
      help: 'Mutations that the journal decided.',
      labels: { outcome: ['committed', 'replayed', 'conflicted', 'refused', 'failed'] },
    }),
    batchSize: registry.histogram({
      name: 'bitvault_journal_batch_mutations',
      unit: 'mutations',
      help: 'Mutations in one transaction of the journal.',
      buckets: BATCH_SIZES,
    }),
    transactionDuration: registry.histogram({
      name: 'bitvault_journal_transaction_duration_seconds',
      unit: 'seconds',
      help: 'Time of one transaction of the journal.',
      buckets: LATENCY_SECONDS,
    }),
    leaseLosses: registry.counter({
      name: 'bitvault_journal_lease_losses',
      help: 'Times that a journal found a newer owner and stopped.',
    }),
    journalStarts: registry.counter({
      name: 'bitvault_journal_starts',
      help: "Times that a tenant's journal came into memory; its sockets outlive that it leaves it.",
    }),
    liveMessages: registry.counter({
      name: 'bitvault_live_messages',
      help: 'Messages to sockets and streams.',
      labels: { type: ['hello', 'changes', 'behind', 'reset', 'access', 'closing'] },
    }),
    deliveries: registry.counter({
      name: 'bitvault_bus_deliveries',
      help: 'Messages that consumers settled.',
      labels: {
        consumer: ['index', 'notify', 'gc', 'meter', 'audit', 'verify'],
        verdict: ['ack', 'retry', 'dead-letter'],
      },
    }),
    bytes: registry.counter({
      name: 'bitvault_content_bytes',
      unit: 'bytes',
      help: 'Content bytes by the way they took; direct ones never cross this process and are counted at commit.',
      labels: { way: ['direct', 'gateway', 'derive', 'inline'], direction: ['in', 'out'] },
    }),
  }
}

/** `204` → `2xx`: the label of a status. */
export function statusClass(status: number): '1xx' | '2xx' | '3xx' | '4xx' | '5xx' {
  if (status < 200) return '1xx'
  if (status < 300) return '2xx'
  if (status < 400) return '3xx'
  return status < 500 ? '4xx' : '5xx'
}
