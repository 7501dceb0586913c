import type { Outcome } from '../core/namespace/model.ts'
import { ROUTES } from '../protocol/routes.ts'
import { createMetrics, type MetricsRegistry } from '../telemetry/metrics.ts'
import { productMetrics, type ProductMetrics } from '../telemetry/product-metrics.ts'
import type { Written } from './journal-writer.ts'

/**
 * The metrics of this isolate, counted since it started: a scrape sums over processes. Made at the first use, never at module
 * load. Nothing in them is of a tenant (T27): labels are closed sets.
 */
let made: { registry: MetricsRegistry; product: ProductMetrics } | null = null

export function metrics(): { registry: MetricsRegistry; product: ProductMetrics } {
  if (made) return made
  const registry = createMetrics()
  const routes = Object.values(ROUTES).map((route) => route.path)
  return (made = { registry, product: productMetrics(registry, routes) })
}

/** One group commit. What it answered without writing it anew is a replay. */
export function countCommit({ outcomes, effects, startedAt }: Written, endedAt: number): void {
  const { product } = metrics()
  const are = (kind: Outcome['outcome'], of: readonly { outcome: Outcome['outcome'] }[]) =>
    of.filter(({ outcome }) => outcome === kind).length
  const answers = effects.answers.map(({ outcome }) => outcome)
  const refused = are('rejected', outcomes)
  product.mutations.add({ outcome: 'committed' }, are('applied', answers))
  product.mutations.add({ outcome: 'conflicted' }, are('conflict', answers))
  product.mutations.add({ outcome: 'refused' }, refused)
  product.mutations.add({ outcome: 'replayed' }, outcomes.length - answers.length - refused)
  product.batchSize.observe({}, outcomes.length)
  product.transactionDuration.observe({}, (endedAt - startedAt) / 1000)
  product.bytes.add({ way: 'direct', direction: 'in' }, sum(effects.chunks.map(({ length }) => length)))
  product.bytes.add(
    { way: 'inline', direction: 'in' },
    sum(effects.contents.map(({ inline, size }) => (inline === null ? 0 : size))),
  )
}

const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0)
