import type { Mass } from '../../core/reconcile/device.ts'
import type { SyncEvent } from '../../client/sync/ports.ts'
import type { Bug } from './bug.ts'
import { Cloud, type Asked, type CloudBackup } from './cloud.ts'
import { Device } from './device.ts'
import { Dice, chanceOf, mix } from './dice.ts'
import { checkRest } from './end-rules.ts'
import { FaultSource } from './fault-source.ts'
import { Ledger, type Violation } from './ledger.ts'
import { healDevice, healServer } from './heal.ts'
import { answerMark, cellsOf } from './marks.ts'
import { doMove, isUnheard, proposeAt, proposeMove } from './moves.ts'
import { Rules } from './rules.ts'
import { Scheduler } from './scheduler.ts'
import type { Move, PlannedMove, Script, WorldConfig } from './script.ts'
import { Trace } from './trace.ts'

export type WorldOptions = { bug?: Bug | null; keepsTrace?: boolean; onWorld?: (world: World) => void }

/** Before a call, or within it; `path`: what it works on, `detail`: what the trace says of it. */
export type Interruption = { device: Device; call: number; gap: string; path: string; detail: string }

/** Longer than the longest pause between two looks at everything. */
const REST_US = 70 * 60_000_000
const REST_MAX_US = 12 * 3_600_000_000
const EVENTS_MAX = 150_000

/** Between one call and the next: there are many of these. */
const SELDOM = /^before /
/** Something was done, and the answer is lost. */
const UNHEARD_RATE = 500

/** Devices, their people and the server, from one seed or script; what happened, and whether every rule held. */
export class World {
  readonly script: Script
  readonly options: WorldOptions
  readonly trace: Trace
  readonly scheduler: Scheduler
  readonly ledger: Ledger
  readonly cloud: Cloud
  readonly faults: FaultSource
  readonly rules: Rules
  readonly devices: Device[]
  /** What has happened of what can happen (I27). */
  readonly marks = new Set<string>()
  readonly done: PlannedMove[] = []
  readonly #planned: Map<string, PlannedMove>
  #interruptions = 0
  #questions = 0
  /** The last number of bytes that somebody saved. */
  lastBytes = 0
  lastWebMutation = 0
  /** When the last thing was to be done. */
  lastUs = 0
  isHealed = false
  /** Mostly deletes are meant. @returns `null`: nobody answers */
  onAnswer: (fraction: number) => 'delete' | 'keep' | null = (fraction) => (fraction < 0.7 ? 'delete' : 'keep')
  /** A scenario that waits for a certain moment. */
  onInterrupt: (interruption: Interruption) => void = () => {}
  serverBackup: CloudBackup | null = null
  /** Journal, disks: when they were last seen to change. */
  #lastChange = { us: 0, sum: -1 }

  constructor(script: Script, options: WorldOptions = {}) {
    this.script = script
    this.options = options
    this.trace = new Trace(options.keepsTrace)
    this.scheduler = new Scheduler(this.trace)
    this.ledger = new Ledger(() => this.scheduler.nowUs)
    this.cloud = new Cloud(() => 1_700_000_000_000 + Math.floor(this.scheduler.nowUs / 1_000))
    this.faults = new FaultSource(script.seed, script.config.rates, script.faults)
    this.rules = new Rules(this)
    this.cloud.onCommit = (committed) => this.rules.committed(committed)
    this.cloud.onAsked = (asked) => this.#markAnswer(asked)
    this.devices = script.config.devices.map((config, index) => new Device(this, index, config))
    const gaps = (script.moves ?? []).filter(({ when }) => 'gap' in when)
    options.onWorld?.(this)
    this.#planned = new Map(gaps.map((planned) => [gapKey(planned.when), planned]))
  }

  async run(): Promise<Violation | null> {
    for (const device of this.devices) device.start()
    const lastUs = this.script.moves ? this.#planMoves(this.script.moves) : this.#throwMoves()
    this.lastUs = lastUs
    this.scheduler.after(lastUs + 20_000_000, () => this.heal())
    await this.#untilRest(() => this.isHealed)
    if (!this.ledger.isBroken) await checkRest(this)
    return this.ledger.violations[0] ?? null
  }

  #planMoves(moves: readonly PlannedMove[]): number {
    let last = this.script.untilUs ?? 0
    for (const { when, move } of moves) {
      if (!('atUs' in when)) continue
      last = Math.max(last, when.atUs)
      this.scheduler.after(when.atUs, () => this.act(move))
    }
    return last
  }

  /** @returns when the last one happens */
  #throwMoves(): number {
    const { seed, config } = this.script
    const dice = new Dice(mix(seed, 'times'))
    let atUs = 0
    for (let number = 0; number < config.moves; number++) {
      atUs += Math.round(pauseUs(dice))
      this.scheduler.after(atUs, () => {
        const move = proposeMove(this, new Dice(mix(seed, 'move', number)))
        if (move) this.act(move)
      })
    }
    return atUs
  }

  /** Somebody does something now. @returns whether it could be done */
  act(move: Move, when: PlannedMove['when'] = { atUs: this.scheduler.nowUs }): boolean {
    const isDone = doMove(this, move)
    // What could not be done may have woken somebody.
    this.done.push({ when, move })
    if (isDone) this.marks.add(move.do)
    this.scheduler.note(`${isDone ? 'does' : 'cannot'} ${JSON.stringify(move)}`)
    return isDone
  }

  /** Right before a call of the engine, or within it, somebody else may have a go. */
  interrupt(interruption: Interruption): void {
    const { device, call, gap } = interruption
    this.onInterrupt(interruption)
    if (this.isHealed) return
    const when = { device: device.index, call, gap }
    if (this.script.moves) {
      const planned = this.#planned.get(gapKey(when))
      if (planned) this.act(planned.move, when)
      return
    }
    const { seed, config } = this.script
    if (this.#interruptions >= config.moves || !device.config.isActive) return
    if (chanceOf(seed, 'gap', device.index, call, gap) * 1_000 >= gapRateOf(interruption, config)) return
    const move = proposeAt(interruption, new Dice(mix(seed, 'gap move', device.index, call, gap)))
    if (move && this.act(move, when)) this.#interruptions++
  }

  /** From now on nothing goes wrong, and nobody does anything. */
  heal(): void {
    this.faults.isOver = true
    this.isHealed = true
    // Whoever was in trouble needs time to come back.
    this.#lastChange.us = this.scheduler.nowUs
    this.scheduler.note('healed')
    healServer(this)
    for (const device of this.devices) healDevice(device)
  }

  /** Until nothing has changed for so long that everything was looked at since. */
  async #untilRest(mayRest: () => boolean): Promise<void> {
    const from = this.scheduler.nowUs
    const ended = await this.scheduler.run(() => {
      this.#noteChange()
      if (this.ledger.isBroken) return true
      const { nowUs } = this.scheduler
      if (this.isHealed && nowUs - from > REST_MAX_US) this.ledger.broken('I20', 'it never comes to rest')
      // An hourly look may have begun this very moment.
      const isLooking = this.devices.some(({ state }) => state?.state === 'scanning')
      return mayRest() && !isLooking && nowUs - this.#lastChange.us > REST_US
    }, EVENTS_MAX)
    if (ended === 'too-many') this.ledger.broken('I20', `more than ${EVENTS_MAX} events`)
    if (ended === 'nothing-left') this.ledger.broken('I20', 'nothing is waited for any more')
  }

  /** Virtual time passes. */
  pass(ms: number): Promise<unknown> {
    const until = this.scheduler.nowUs + ms * 1_000
    this.scheduler.after(ms * 1_000, () => {})
    return this.scheduler.run(() => this.scheduler.nowUs >= until || this.ledger.isBroken, EVENTS_MAX)
  }

  rest = (): Promise<void> => {
    this.#lastChange.us = this.scheduler.nowUs
    return this.#untilRest(() => true)
  }

  #noteChange(): void {
    let sum = this.cloud.state.seq
    for (const { tree } of this.devices) sum += tree.changes
    if (sum !== this.#lastChange.sum) this.#lastChange = { us: this.scheduler.nowUs, sum }
  }

  told(device: Device, event: SyncEvent): void {
    const item = event.kind === 'step' && event.at === 'begin' ? device.store.items.get(event.item) : undefined
    for (const cell of item ? cellsOf(item) : []) this.marks.add(cell)
    this.rules.told(device, event)
  }

  #markAnswer({ actor, mutation, outcome }: Asked): void {
    const device = this.devices.find((one) => one.actor.sessionId === actor.sessionId)
    const mark = device && answerMark(mutation, outcome, device.store.items)
    if (mark) this.marks.add(mark)
  }

  /** The person answers after a while: mostly that it was meant so. */
  answerBrake(device: Device, mass: Mass): void {
    const { seed } = this.script
    const question = ++this.#questions
    const afterUs = chanceOf(seed, 'brake', device.index, question) * 60_000_000
    this.scheduler.after(afterUs, () => {
      const answer = this.onAnswer(chanceOf(seed, 'answer', device.index, question))
      if (answer === null) return
      device.hears((engine) => engine.answerBrake(mass, answer))
      if (answer === 'keep') this.rules.keptBy.add(device.index)
      this.scheduler.note(`${device.index} is answered ${answer}`)
    })
  }

  engineFailed(device: Device, error: unknown): void {
    const { stack } = error as Error
    this.ledger.broken('engine', `device ${device.index}: ${stack ?? String(error)}`)
  }

  unexpected(error: unknown): void {
    this.ledger.broken('I7', (error as Error).stack ?? String(error))
  }
}

/** Of a thousand. */
function gapRateOf(at: Interruption, { gapRate, groups }: WorldConfig): number {
  if (isUnheard(at)) return groups.includes('web') ? UNHEARD_RATE : 0
  return at.path === '' && SELDOM.test(at.gap) ? gapRate / 4 : gapRate * 4
}

const gapKey = (when: PlannedMove['when']): string => ('gap' in when ? `${when.device} ${when.call} ${when.gap}` : '')

/** Some things follow one another at once, some while the engine works, some after it has come to rest. */
function pauseUs(dice: Dice): number {
  switch (dice.weighted({ now: 2, soon: 5, later: 4, rest: 3, long: 1 })) {
    case 'now':
      return dice.fraction() * 5_000
    case 'soon':
      return dice.fraction() * 500_000
    case 'later':
      return dice.fraction() * 6_000_000
    case 'rest':
      return 10_000_000 + dice.fraction() * 60_000_000
    case 'long':
      return dice.fraction() * 4_000_000_000
  }
}
