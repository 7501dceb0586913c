import type { Plan } from '../../core/reconcile/step.ts'
import type { SyncEvent } from './ports.ts'

type State = Extract<SyncEvent, { kind: 'state' }>

/** Says what the engine does, each state once. */
export class Status {
  readonly #tell: (event: SyncEvent) => void
  #state: State | null = null
  #brake = ''

  constructor(tell: (event: SyncEvent) => void) {
    this.#tell = tell
  }

  get state(): State['state'] | null {
    return this.#state?.state ?? null
  }

  is(state: State['state'], reason?: string): void {
    if (this.#state?.state === state && this.#state.reason === reason) return
    this.#state = { kind: 'state', state, ...(reason === undefined ? {} : { reason }) }
    this.#tell(this.#state)
  }

  brake(brake: Plan['brake']): void {
    const key = brake === null ? '' : `${brake.mass} ${brake.items} ${brake.of}`
    if (brake !== null && key !== this.#brake) this.#tell({ kind: 'brake', ...brake })
    if (brake === null && this.#brake !== '') this.#tell({ kind: 'brake-over' })
    this.#brake = key
  }
}
