import { WorkerEntrypoint } from 'cloudflare:workers'
import { AppError } from '../../core/errors.ts'
import { connect, type Db } from '../../db/connect.ts'
import { wait } from '../../durable-objects/wait.ts'
import { createLogger, LOG_LEVELS, type Logger, type LogLevel } from '../../telemetry/log.ts'
import { problemResponse } from '../../protocol/problem.ts'
import { journalOf } from '../gateway/places.ts'
import { identityApp } from './app.ts'
import { endOwnSession, type OwnSession } from './end-session.ts'
import { readKeyRing, type KeyRing } from './keys.ts'
import type { IdentityScope } from './scope.ts'
import { tellUntilHeard } from './tell-until-heard.ts'

/** What identity uses of the environment, parsed once. An empty variable counts as unset. */
type IdentityConfig = {
  databaseUrl: string
  publicUrl: string
  signingKeys: string
  setupToken: string | null
  clientAddressHeader: string | null
  logLevel: LogLevel
}

/**
 * Identity behind its own entrypoint: it holds the signing keys and the login that crosses tenants. It is reached by `fetch`, and by
 * the one call below, so that it can move to a Worker, or a server, of its own by changing the binding.
 */
export class Identity extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    const config = readConfig(this.env)
    const log = logOf(config)
    try {
      const { publicUrl, setupToken, clientAddressHeader } = config
      const keys = await keyRingOf(config.signingKeys)
      const random = (length: number) => crypto.getRandomValues(new Uint8Array(length))
      return await this.#connected(config, (db) =>
        identityApp.fetch(request, {
          db,
          keys,
          publicUrl,
          setupToken,
          clientAddressHeader,
          now: () => Date.now(),
          random,
          log,
          tellEnded: this.#tellEnded(log),
        }),
      )
    } catch (cause) {
      log.error('request.failed', 'internal', cause)
      return problemResponse(new AppError('internal'))
    }
  }

  /** Ends a session of a user, who asked for that elsewhere: a device was revoked. */
  async endSession(own: OwnSession): Promise<void> {
    const config = readConfig(this.env)
    const tellEnded = this.#tellEnded(logOf(config))
    await this.#connected(config, (db) => endOwnSession({ db, now: () => Date.now(), tellEnded }, own))
  }

  /** A socket belongs to the request that opened it, and opens with the first query. */
  async #connected<T>({ databaseUrl }: IdentityConfig, work: (db: Db) => Promise<T> | T): Promise<T> {
    const db = connect(databaseUrl, { name: 'bitvault-identity' })
    try {
      return await work(db)
    } finally {
      this.ctx.waitUntil(db.end({ timeout: 1 }).catch(() => {}))
    }
  }

  /** The journal closes what they hold open. If it does not hear of it, it finds out by itself, a little later. */
  #tellEnded(log: Logger): IdentityScope['tellEnded'] {
    return (tenantId, sessions) => {
      if (sessions.length === 0) return
      const told = tellUntilHeard(() => journalOf(this.env, tenantId).sessionsEnded(sessions), wait)
      this.ctx.waitUntil(told.catch((cause: unknown) => log.error('session.not-told', 'internal', cause, { tenantId })))
    }
  }
}

const logOf = ({ logLevel }: IdentityConfig): Logger =>
  createLogger({
    component: 'identity',
    write: (line) => console.log(line),
    clock: () => Date.now(),
    level: logLevel,
  })

/** Imported keys are kept between requests, and made anew when the variable changes. */
let known: { json: string; ring: KeyRing } | null = null

async function keyRingOf(json: string): Promise<KeyRing> {
  if (known?.json !== json) known = { json, ring: await readKeyRing(json) }
  return known.ring
}

function readConfig(env: Env): IdentityConfig {
  const all = env as unknown as Record<string, unknown>
  const optional = (name: string): string | null => {
    const value = all[name]
    return typeof value === 'string' && value !== '' ? value : null
  }
  const need = (name: string): string => {
    const value = optional(name)
    if (value === null) throw new Error(`${name} is not set`)
    return value
  }
  const level = optional('LOG_LEVEL') as LogLevel | null
  return {
    databaseUrl: need('SYSTEM_DATABASE_URL'),
    publicUrl: need('PUBLIC_URL').replace(/\/+$/, ''),
    signingKeys: need('AUTH_SIGNING_KEYS'),
    setupToken: optional('SETUP_TOKEN'),
    clientAddressHeader: optional('CLIENT_ADDRESS_HEADER'),
    logLevel: level !== null && LOG_LEVELS.includes(level) ? level : 'info',
  }
}
