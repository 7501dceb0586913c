import { chanceOf, mix } from './dice.ts'
import { ERRNOS, type CallKind, type Fault, type FaultRates, type PlannedFault } from './fault.ts'

const REFUSALS = ['busy', 'store-unavailable', 'database-unavailable', 'too-many-requests', 'internal'] as const

/** Says what goes wrong at which call: thrown from the seed, or as a script has it. What was thrown is kept, so that a script can be made of it. */
export class FaultSource {
  readonly #seed: number
  readonly #planned: Map<string, Fault> | null
  readonly met: PlannedFault[] = []
  rates: FaultRates
  /** Nothing goes wrong any more. */
  isOver = false

  constructor(seed: number, rates: FaultRates, planned: readonly PlannedFault[] | null) {
    this.#seed = seed
    this.rates = rates
    this.#planned = planned && new Map(planned.map(({ device, call, fault }) => [`${device} ${call}`, fault]))
  }

  /** Of a script: one more. */
  plan({ device, call, fault }: PlannedFault): void {
    this.#planned?.set(`${device} ${call}`, fault)
  }

  at(device: number, call: number, kind: CallKind): Fault | null {
    if (this.isOver) return null
    const fault = this.#planned ? (this.#planned.get(`${device} ${call}`) ?? null) : this.#throw(device, call, kind)
    if (fault) this.met.push({ device, call, fault })
    return fault
  }

  #throw(device: number, call: number, kind: CallKind): Fault | null {
    const { crash, disk, net } = this.rates
    const roll = chanceOf(this.#seed, 'fault', device, call) * 1_000
    const which = mix(this.#seed, 'which', device, call)
    if (roll < crash) return crashOf(which)
    if (kind === 'pause') return null
    if (kind === 'net' || kind === 'net-stream') return roll < crash + net ? netFault(which, kind) : null
    return roll < crash + disk ? diskFault(which, kind) : null
  }
}

const crashOf = (which: number): Fault => ({
  do: which % 3 === 0 ? 'power' : 'kill',
  when: (which >>> 3) % 2 === 0 ? 'before' : 'after',
})

function diskFault(which: number, kind: CallKind): Fault {
  if (kind === 'list' && which % 2 === 0) return { do: 'partial-list' }
  const code = ERRNOS[(which >>> 2) % ERRNOS.length]!
  return { do: 'errno', code: kind !== 'disk-write' && code === 'ENOSPC' ? 'EIO' : code }
}

function netFault(which: number, kind: CallKind): Fault {
  if (kind === 'net-stream') return { do: which % 2 === 0 ? 'cut' : 'request-lost' }
  switch (which % 6) {
    case 0:
      return { do: 'request-lost' }
    case 1:
    case 2:
      return { do: 'reply-lost' }
    case 3:
      return { do: 'twice' }
    case 4:
      return { do: 'slow' }
    default:
      return { do: 'refuse', code: REFUSALS[(which >>> 4) % REFUSALS.length]!, applied: (which >>> 8) % 3 === 0 }
  }
}
