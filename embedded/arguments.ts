import { parseArgs } from 'node:util'
import { StartFailure } from './failure.ts'
import type { S3Access } from './stack-parts.ts'

/** What `npm start` was asked for: flags first, then the environment, then the defaults. */
export type StartRequest = {
  help: boolean
  debug: boolean
  dir: string
  port: number
  publicUrl: string
  databaseUrl: string | undefined
  s3: S3Access | undefined
  otlpEndpoint: string | undefined
  /** Another configuration of workerd than the shipped one. */
  configPath: string | undefined
  /** Settings that go to the Worker as they are. */
  passedOn: Record<string, string>
}

type Environment = Record<string, string | undefined>

export const HELP = `BitVault on this machine: database, object store and server in one command.

  npm start                          start on http://localhost:8787, data in .bitvault/
  npm start -- --port 9000           another port (or PORT=9000)
  npm start -- --dir /srv/bitvault   another folder for the data (or BITVAULT_DIR)
  npm start -- --debug               show everything the server writes, and errors in full
  npm start -- --help                this text

Ctrl-C stops everything; the next start goes on with the same data.

Instead of the embedded parts, from the environment:
  DATABASE_URL    a PostgreSQL 15 or newer: postgres://owner:password@host:5432/database
  S3_ENDPOINT, S3_BUCKET, S3_REGION, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY
                  an S3 bucket; S3_PUBLIC_ENDPOINT when clients reach it by another address
  OTEL_EXPORTER_OTLP_ENDPOINT   a collector for traces (OTLP over HTTP)

Also read: PUBLIC_URL (how people reach this server), CLIENT_ADDRESS_HEADER, GC_GRACE_MS, UPLOAD_TTL_MS,
RETENTION_EVERY_MS, JOURNAL_KEEP_MS, JOURNAL_KEEP_ENTRIES, LOG_LEVEL, WORKERD_CONFIG (another workerd configuration than k8s/workerd/bitvault.capnp).`

const DEFAULT_PORT = 8787
const PASSED_ON = [
  'GC_GRACE_MS',
  'UPLOAD_TTL_MS',
  'RETENTION_EVERY_MS',
  'JOURNAL_KEEP_MS',
  'JOURNAL_KEEP_ENTRIES',
  'LOG_LEVEL',
  'CLIENT_ADDRESS_HEADER',
]

/** Throws a {@link StartFailure} that names what is wrong. */
export function readStartRequest(argv: string[], env: Environment, projectDir: string): StartRequest {
  const flags = readFlags(argv)
  const given = withoutEmpty(env)
  const port = readPort(flags.port ?? given['PORT'])
  return {
    help: flags.help ?? false,
    debug: flags.debug ?? false,
    dir: flags.dir ?? given['BITVAULT_DIR'] ?? `${projectDir}.bitvault`,
    port,
    publicUrl: readUrl('PUBLIC_URL', given['PUBLIC_URL'], ['http:', 'https:']) ?? `http://localhost:${port}`,
    databaseUrl: readUrl('DATABASE_URL', given['DATABASE_URL'], ['postgres:', 'postgresql:']),
    s3: readS3(given),
    otlpEndpoint: readUrl('OTEL_EXPORTER_OTLP_ENDPOINT', given['OTEL_EXPORTER_OTLP_ENDPOINT'], ['http:', 'https:']),
    configPath: given['WORKERD_CONFIG'],
    passedOn: Object.fromEntries(PASSED_ON.flatMap((name) => (given[name] ? [[name, given[name]]] : []))),
  }
}

function readFlags(argv: string[]) {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        help: { type: 'boolean', short: 'h' },
        debug: { type: 'boolean' },
        dir: { type: 'string' },
        port: { type: 'string', short: 'p' },
      },
    })
    return values
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? cause.message) : String(cause)
    throw new StartFailure(`${message}.`, 'See what there is with: npm start -- --help', { cause })
  }
}

const withoutEmpty = (env: Environment): Environment =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))

function readPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new StartFailure(`"${text}" is no port.`, 'A port is a number from 1 to 65535: npm start -- --port 8787')
}

function readUrl(name: string, text: string | undefined, protocols: string[]): string | undefined {
  if (text === undefined) return undefined
  if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text.replace(/\/$/, '')
  // Not quoted: it may hold a password.
  throw new StartFailure(`${name} is no address.`, `It has to begin with ${protocols[0]}// and name a host.`)
}

function readS3(env: Environment): S3Access | undefined {
  const names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_REGION', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const
  const missing = names.filter((name) => env[name] === undefined)
  if (missing.length === names.length) return undefined
  if (missing.length > 0) {
    throw new StartFailure(
      `Your own object store needs ${missing.join(', ')} as well.`,
      `Set all of ${names.join(', ')}, or none of them for the embedded one.`,
    )
  }
  const publicEndpoint = readUrl('S3_PUBLIC_ENDPOINT', env['S3_PUBLIC_ENDPOINT'], ['https:', 'http:'])
  return {
    endpoint: readUrl('S3_ENDPOINT', env['S3_ENDPOINT'], ['https:', 'http:'])!,
    bucket: env['S3_BUCKET']!,
    region: env['S3_REGION']!,
    accessKeyId: env['S3_ACCESS_KEY_ID']!,
    secretAccessKey: env['S3_SECRET_ACCESS_KEY']!,
    ...(publicEndpoint === undefined ? {} : { publicEndpoint }),
  }
}
