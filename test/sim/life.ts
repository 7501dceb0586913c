import { AppError } from '../../core/errors.ts'
import { ConnectionError } from '../../client/connection-error.ts'
import { RootGone } from '../../client/sync/root-gone.ts'
import { chanceOf } from './dice.ts'
import { describeFault, type CallKind, type Fault } from './fault.ts'
import type { FaultSource } from './fault-source.ts'
import type { Scheduler } from './scheduler.ts'

/** What a life knows of the device that it is a life of. */
export type Host = {
  readonly index: number
  readonly seed: number
  readonly scheduler: Scheduler
  readonly faults: FaultSource
  /** Numbered over all lives of the device. */
  nextCall(): number
  /** Somebody else has a go right before a call. */
  beforeCall(call: number, what: string, detail: string): void
  /** How much later than usual a call is done. */
  lateUs(call: number): number
  crash(kind: 'kill' | 'power'): void
  /** Something failed in a way that nothing of what is simulated fails in. */
  unexpected(error: unknown): void
}

type CallOptions = { kind: CallKind; detail?: string }

/**
 * One process of a device: from its start to its end, whether it ends by itself or not. Every call of a port passes through here: it has a
 * number, takes virtual time, and may fail, or be the last thing that the process ever did.
 */
export class Life {
  isAlive = true
  readonly host: Host

  constructor(host: Host) {
    this.host = host
  }

  end(): void {
    this.isAlive = false
  }

  /** A call that is done at one moment. */
  call<T>(what: string, { kind, detail = '' }: CallOptions, effect: (fault: Fault | null) => T): Promise<T> {
    const { host } = this
    if (!this.isAlive) return never()
    const call = host.nextCall()
    return new Promise<T>((resolve, reject) => {
      host.scheduler.after(latencyUs(host, call, kind) + host.lateUs(call), () => {
        if (!this.isAlive) return
        host.beforeCall(call, what, detail)
        const fault = host.faults.at(host.index, call, kind)
        host.scheduler.note(`${host.index}#${call} ${what} ${detail}${fault ? ` ! ${describeFault(fault)}` : ''}`)
        if (this.#crashes(fault, 'before') || !this.isAlive) return
        if (fault?.do === 'errno') return reject(errnoOf(fault.code))
        try {
          const value = effect(fault)
          if (!this.#crashes(fault, 'after')) resolve(value)
        } catch (error) {
          if (!isOfPort(error)) host.unexpected(error)
          if (!this.#crashes(fault, 'after')) reject(error as Error)
        }
      })
    })
  }

  #crashes(fault: Fault | null, when: 'before' | 'after'): boolean {
    if (!fault || (fault.do !== 'kill' && fault.do !== 'power') || fault.when !== when) return false
    this.host.crash(fault.do)
    return true
  }

  /** Virtual time passes. @throws the signal's reason */
  pause(us: number, { signal, isIdle = false }: { signal?: AbortSignal; isIdle?: boolean } = {}): Promise<void> {
    if (!this.isAlive) return never()
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const timer = this.host.scheduler.after(
        us + this.host.lateUs(this.host.scheduler.events),
        () => {
          signal?.removeEventListener('abort', onAbort)
          if (this.isAlive) resolve()
        },
        isIdle,
      )
      const onAbort = (): void => {
        timer.cancelled = true
        if (this.isAlive) reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}

/** What a process that is no more waits for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {})

export const errnoOf = (code: string, detail = 'as the simulation has it'): Error & { code: string } =>
  Object.assign(new Error(`${code}: ${detail}`), { code })

function isOfPort(error: unknown): boolean {
  if (error instanceof AppError) return error.code !== 'internal' || error.facts.retryAfterMs !== undefined
  return error instanceof ConnectionError || error instanceof RootGone || 'code' in (error as Error)
}

/** Mostly soon, now and then late: so that anything may overtake anything. */
function latencyUs({ seed, index }: Host, call: number, kind: CallKind): number {
  const [roll, share] = [chanceOf(seed, 'late', index, call), chanceOf(seed, 'how late', index, call)]
  if (kind === 'net' || kind === 'net-stream') return roll < 0.06 ? 50_000 + share * 3_000_000 : 1_000 + share * 30_000
  return roll < 0.04 ? share * 60_000 : 10 + share * 300
}
