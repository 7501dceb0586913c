import { s3ObjectStore } from '../storage/s3/s3-object-store.ts'
import type { ObjectStore } from '../core/object-store.ts'

/**
 * The environment, parsed once by each entry into what it uses. An empty variable counts as unset, since a plain workerd binds
 * every name that its configuration lists.
 */
export type Config = {
  databaseUrl: string
  systemDatabaseUrl: string
  publicUrl: string
  s3: {
    endpoint: string
    publicEndpoint: string
    region: string
    bucket: string
    accessKeyId: string
    secretAccessKey: string
  }
  /** How long an upload may take from its init to its commit. */
  uploadTtlMs: number
  /** How long what nobody refers to is kept before it is collected. */
  gcGraceMs: number
  /** How often it is looked whether trash, versions and journal entries of a tenant have passed their time. */
  retentionEveryMs: number
  /** Journal entries stay while they are younger than this, or among so many of the newest. */
  journalKeepMs: number
  journalKeepEntries: number
  otlpEndpoint: string | null
  traceQueryEndpoint: string | null
  logLevel: 'debug' | 'info' | 'warn' | 'error'
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const JOURNAL_KEEP_ENTRIES = 100_000

/** @throws Error naming the variable: a worker without its configuration must not start half-configured */
export function readConfig(env: Env): Config {
  const text = env as unknown as Record<string, unknown>
  return {
    databaseUrl: hyperdriveUrl(env) ?? need(text, 'DATABASE_URL'),
    systemDatabaseUrl: need(text, 'SYSTEM_DATABASE_URL'),
    publicUrl: need(text, 'PUBLIC_URL').replace(/\/+$/, ''),
    s3: {
      endpoint: need(text, 'S3_ENDPOINT'),
      publicEndpoint: optional(text, 'S3_PUBLIC_ENDPOINT') ?? need(text, 'S3_ENDPOINT'),
      region: optional(text, 'S3_REGION') ?? 'auto',
      bucket: need(text, 'S3_BUCKET'),
      accessKeyId: need(text, 'S3_ACCESS_KEY_ID'),
      secretAccessKey: need(text, 'S3_SECRET_ACCESS_KEY'),
    },
    uploadTtlMs: duration(text, 'UPLOAD_TTL_MS', 24 * HOUR_MS),
    gcGraceMs: duration(text, 'GC_GRACE_MS', HOUR_MS),
    retentionEveryMs: duration(text, 'RETENTION_EVERY_MS', HOUR_MS),
    journalKeepMs: duration(text, 'JOURNAL_KEEP_MS', 30 * DAY_MS),
    journalKeepEntries: count(text, 'JOURNAL_KEEP_ENTRIES', JOURNAL_KEEP_ENTRIES),
    otlpEndpoint: optional(text, 'OTEL_EXPORTER_OTLP_ENDPOINT'),
    traceQueryEndpoint: optional(text, 'TRACE_QUERY_ENDPOINT'),
    logLevel: level(optional(text, 'LOG_LEVEL') ?? 'info'),
  }
}

export const openStore = (config: Config): ObjectStore => s3ObjectStore(config.s3)

function hyperdriveUrl(env: Env): string | null {
  const hyperdrive = (env as unknown as { HYPERDRIVE?: { connectionString?: string } }).HYPERDRIVE
  return hyperdrive?.connectionString ?? null
}

function optional(text: Record<string, unknown>, name: string): string | null {
  const value = text[name]
  return typeof value === 'string' && value !== '' ? value : null
}

function need(text: Record<string, unknown>, name: string): string {
  const value = optional(text, name)
  if (value === null) throw new Error(`${name} is not set`)
  return value
}

const duration = (text: Record<string, unknown>, name: string, fallback: number): number =>
  wholeNumber(text, name, fallback, 'a number of milliseconds')

const count = (text: Record<string, unknown>, name: string, fallback: number): number =>
  wholeNumber(text, name, fallback, 'a whole number')

function wholeNumber(text: Record<string, unknown>, name: string, fallback: number, what: string): number {
  const value = optional(text, name)
  if (value === null) return fallback
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${name} is ${what}`)
  return number
}

function level(value: string): Config['logLevel'] {
  if (value === 'debug' || value === 'info' || value === 'warn' || value === 'error') return value
  throw new Error('LOG_LEVEL is one of debug, info, warn, error')
}
