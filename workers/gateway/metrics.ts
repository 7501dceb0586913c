import { ROUTES } from '../../protocol/routes.ts'
import { createMetrics, type MetricsRegistry } from '../../telemetry/metrics.ts'
import { productMetrics, statusClass } from '../../telemetry/product-metrics.ts'

/** Of this isolate, counted since it started: a scrape sums over processes. Made at the first request, never at module load. */
let made: { registry: MetricsRegistry; product: ReturnType<typeof productMetrics> } | null = null

function make() {
  const registry = createMetrics()
  return (made ??= {
    registry,
    product: productMetrics(
      registry,
      Object.values(ROUTES).map((route) => route.path),
    ),
  })
}

export const metrics = (): MetricsRegistry => make().registry

export function countRequest(route: string, status: number, seconds: number): void {
  const { product } = make()
  product.requests.add({ route, status: statusClass(status) })
  product.requestDuration.observe({ route }, seconds)
}
