import type { AppError } from '../core/errors.ts'
import { createLogger, type Logger } from '../telemetry/log.ts'
import { otlpExporter } from '../telemetry/otlp.ts'
import type { Component } from '../telemetry/span.ts'
import { createTracer, type Tracer } from '../telemetry/tracer.ts'
import type { Config } from './config.ts'

export type Telemetry = {
  tracer: Tracer
  log: Logger
  /** For `ctx.waitUntil`: sends the spans that have ended. */
  flush(): Promise<void>
  logError(operation: string, error: AppError): void
}

/** The tracer and the logger of one component, as its entry made them from its configuration. */
export function telemetryOf(component: Component, config: Pick<Config, 'otlpEndpoint' | 'logLevel'>): Telemetry {
  const exporter = otlpExporter({ endpoint: config.otlpEndpoint, fetch: (url, init) => fetch(url, init) })
  const clock = () => Date.now()
  const log = createLogger({ component, write: (line) => console.log(line), clock, level: config.logLevel })
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
  return {
    tracer: createTracer({ component, exporter, clock, random }),
    log,
    flush: () => exporter.flush(),
    logError: (operation, error) => log.error(`${component}.failed`, error.code, error.cause, { operation }),
  }
}
