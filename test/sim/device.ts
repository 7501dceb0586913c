import type { Actor, SpaceRole } from '../../core/namespace/model.ts'
import type { ItemId } from '../../core/reconcile/item.ts'
import type { EngineOptions } from '../../client/sync/engine-parts.ts'
import type { Clock, Random, SyncEvent } from '../../client/sync/ports.ts'
import { emptyStoreData, type MemoryStoreData } from '../support/memory-sync-store.ts'
import { ROOT } from './cloud.ts'
import { chanceOf, Dice, mix } from './dice.ts'
import type { DiskWatch } from './disk-watch.ts'
import { launchEngine, type RunningEngine } from './engine.ts'
import { Hands } from './hands.ts'
import type { Inode } from './inode.ts'
import { InodeTree } from './inode-tree.ts'
import { Life, type Host } from './life.ts'
import { cutPower } from './power-cut.ts'
import type { DeviceConfig } from './script.ts'
import { VirtualDisk } from './virtual-disk.ts'
import { VirtualRemote, type Line } from './virtual-remote.ts'
import { VirtualWatcher, type WatchModel } from './virtual-watcher.ts'
import { WatchedStore } from './watched-store.ts'
import type { World } from './world.ts'

const YEAR_2023_US = 1_700_000_000_000_000
/** A person starts it again, or the system does. */
export const RESTART_US = 2_000_000

/** As long as nobody takes it away. */
export const roleOf = ({ canWrite = true }: DeviceConfig): SpaceRole => (canWrite ? 'manager' : 'reader')

/** Between its look and one of these somebody may do something to the very path. */
const CHANGES = new Set(['discard', 'replace', 'move', 'placeNew', 'makeFolder', 'makeSymlink'])

/** A machine with a disk, a person, and an engine that runs, crashes and is started again. */
export class Device implements Host {
  readonly index: number
  readonly world: World
  readonly config: DeviceConfig
  readonly tree: InodeTree
  readonly hands: Hands
  readonly actor: Actor
  readonly line: Line = { isUp: true, losesAnswers: false, says: null }
  watch: WatchModel
  #skewUs: number
  /** When its clock was set last. */
  #clockSetUs = -Infinity
  /** What it asks for, and its timers, come late until then. */
  starvedUntilUs = 0
  /** Nobody answers the brake until then. */
  awayUntilUs = 0
  #pace = { sinceUs: 0, times: 1 }
  /** The clock stands still. */
  frozenUs: number | null = null
  store: MemoryStoreData = emptyStoreData()
  life: Life | null = null
  engine: RunningEngine | null = null
  /** What it said last of itself. */
  state: Extract<SyncEvent, { kind: 'state' }> | null = null
  /** Why it was stopped last. */
  lastStop: string | null = null
  /** The folder on the server that its root is kept in step with. */
  root = ROOT
  /** Nodes that its person does not want here. */
  readonly unselected = new Set<string>()
  hasCrashed = false
  /** Deletes that wait for an answer. */
  brake: Extract<SyncEvent, { kind: 'brake' }> | null = null
  lives = 0
  calls = 0
  /** How often each kind of call was made. */
  readonly met = new Map<string, number>()
  /** It is not to be started again by itself. */
  isOff = false
  /** It has lost its memory, or its folder is not what it was: what it brings back is no fault of the engine. */
  hasForgotten = false
  isUnmounted = false
  /** It was, at some time. */
  wasUnmounted = false
  #wasStoppedCleanly = true
  #boots = 1
  readonly #unheard: ((engine: RunningEngine) => void)[] = []
  #openedOn: Inode | null = null
  mount = (): void => {}
  /** Every write to its store fails like that. */
  storeFault: string | null = null
  storeBackup: MemoryStoreData | null = null
  folderBackup: Inode | null = null
  newStore = emptyStoreData

  constructor(world: World, index: number, config: DeviceConfig) {
    this.world = world
    this.index = index
    this.config = config
    this.watch = config.watch
    this.#skewUs = config.skewUs
    this.tree = new InodeTree(
      config.fs,
      () => this.clockUs(),
      () => world.scheduler.nowUs,
    )
    this.hands = new Hands(this)
    this.actor = world.cloud.addDevice(index, config.name)
    world.cloud.setRole(this.actor, roleOf(config))
  }

  get seed(): number {
    return this.world.script.seed
  }
  get scheduler() {
    return this.world.scheduler
  }
  get faults() {
    return this.world.faults
  }

  /** How far its clock is off. */
  get skewUs(): number {
    return this.#skewUs
  }
  set skewUs(us: number) {
    this.#skewUs = us
    this.#clockSetUs = this.scheduler.nowUs
  }

  clockUs(): number {
    return YEAR_2023_US + (this.frozenUs ?? this.scheduler.nowUs + this.skewUs + this.#gainedUs())
  }

  #gainedUs(): number {
    const { sinceUs, times } = this.#pace
    return (this.scheduler.nowUs - sinceUs) * (times - 1)
  }

  /** Its clock goes so many times as fast from now on. */
  runsFast(times: number): void {
    this.skewUs += this.#gainedUs()
    this.#pace = { sinceUs: this.scheduler.nowUs, times }
  }

  lateUs(call: number): number {
    return this.scheduler.nowUs < this.starvedUntilUs ? chanceOf(this.seed, 'starved', this.index, call) * 3_000_000 : 0
  }

  nextCall = (): number => ++this.calls

  beforeCall(call: number, what: string, detail: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1)
    this.world.interrupt({ device: this, call, gap: `before ${what}`, path: CHANGES.has(what) ? detail : '', detail })
  }
  unexpected = (error: unknown): void => this.world.unexpected(error)

  start(): void {
    if (this.life !== null) return
    this.isOff = false
    const life = new Life(this)
    this.life = life
    this.lives++
    this.scheduler.note(`${this.index} starts`)
    this.#openedOn = this.tree.root
    const { cloud, options } = this.world
    const real = new VirtualDisk(this.tree, life, this.#diskWatch(), { isForgetful: options.bug?.isForgetful ?? false })
    const disk = options.bug?.disk?.(real) ?? real
    const remote = new VirtualRemote({ cloud, actor: this.actor, life, line: this.line, disk })
    const store = new WatchedStore(this.root, this.store, this)
    const ports = {
      disk,
      remote: options.bug?.remote?.(remote) ?? remote,
      store: options.bug?.store?.(store) ?? store,
      watcher: new VirtualWatcher(this.tree, life, () => this.watch),
      clock: this.#clock(life),
      random: this.#random(),
      wasStoppedCleanly: this.#wasStoppedCleanly,
      bootId: `boot ${this.#boots}`,
      tell: (event: SyncEvent) => this.#told(life, event),
      options: { ...this.#options(), ...options.bug?.options },
    }
    this.#wasStoppedCleanly = false
    this.state = null
    this.engine = launchEngine(ports, (error) => {
      if (life.isAlive) this.#ended(error)
    })
  }

  #ended(error: unknown): void {
    this.life?.end()
    this.life = null
    this.engine = null
    this.scheduler.note(`${this.index} ended ${String((error as Error | null)?.message ?? '')}`)
    if (error !== null) this.world.engineFailed(this, error)
    if (!this.isOff) this.scheduler.after(RESTART_US, () => this.startAgain())
  }

  /** In an orderly way. */
  async stop(): Promise<void> {
    this.isOff = true
    const { engine, life } = this
    if (!engine || !life) return
    await engine.stop()
    this.#wasStoppedCleanly = life.isAlive
    life.end()
    if (this.life === life) this.life = null
    this.engine = null
  }

  crash(kind: 'kill' | 'power'): void {
    if (this.life === null) return
    this.hasCrashed = true
    this.life.end()
    this.life = null
    this.engine = null
    this.tree.onChange = () => {}
    this.scheduler.note(`${this.index} crashes ${kind}`)
    this.world.marks.add(`crash ${kind}`)
    if (kind === 'power') {
      this.#boots++
      const dice = new Dice(mix(this.seed, 'power', this.index, this.lives))
      const sinceSetUs = this.scheduler.nowUs - this.#clockSetUs
      cutPower(this.tree, dice, { rules: this.world.rules, ledger: this.world.ledger, device: this.index, sinceSetUs })
    }
    this.scheduler.after(RESTART_US, () => this.startAgain())
  }

  /** Whoever was started on another root opens the present one. */
  reopen(): void {
    if (this.#openedOn === this.tree.root || !this.engine) return
    void this.stop().then(() => this.start())
  }

  /** Its person tells it something; what it cannot keep now it is told again, and what comes after that only then. */
  hears(word: (engine: RunningEngine) => void): void {
    this.#unheard.push(word)
    if (this.#unheard.length === 1) this.#hear()
  }

  #hear(): void {
    for (let word = this.#unheard[0]; word !== undefined; word = this.#unheard[0]) {
      try {
        if (this.engine) word(this.engine)
        this.#unheard.shift()
      } catch (error) {
        if (this.storeFault === null) throw error
        return void this.scheduler.after(1_000_000, () => this.#hear())
      }
    }
  }

  startAgain(): void {
    if (!this.isOff) this.start()
  }

  #told(life: Life, event: SyncEvent): void {
    if (!life.isAlive) return
    if (event.kind === 'state') this.state = event
    if (event.kind === 'state' && event.state === 'stopped') this.lastStop = event.reason ?? null
    if (event.kind === 'brake') this.brake = event
    if (event.kind !== 'progress') this.scheduler.note(`${this.index} tells ${JSON.stringify(event)}`)
    this.world.told(this, event)
  }

  #options(): Partial<EngineOptions> {
    const { canWrite = true } = this.config
    return {
      canWrite: () => canWrite,
      isSelected: ({ id }) => !this.unselected.has(id),
      unselected: () => [...this.unselected] as ItemId[],
      scan: { largeFrom: this.#readsAhead ? 0 : Infinity },
      rememberAfter: mix(this.seed, 'remembers', this.index) % 2 === 0 ? 1 : Infinity,
    }
  }

  /** As it does where there are thousands of folders. */
  get #readsAhead(): boolean {
    return mix(this.seed, 'reads ahead', this.index) % 4 === 0
  }

  #clock(life: Life): Clock {
    return {
      now: () => Math.floor(this.clockUs() / 1_000),
      sleep: (ms, signal) => life.pause(ms * 1_000, { isIdle: true, ...(signal && { signal }) }),
    }
  }

  #random(): Random {
    const dice = new Dice(mix(this.seed, 'random', this.index, this.lives))
    return {
      bytes: (count) => Uint8Array.from({ length: count }, () => dice.int(256)),
      fraction: () => dice.fraction(),
    }
  }

  #diskWatch(): DiskWatch {
    const { rules } = this.world
    return {
      displaces: (at) => rules.displaces(this, at),
      places: (at) => rules.places(this, at),
      gap: ({ path, what }) => this.world.interrupt({ device: this, call: this.calls, gap: what, path, detail: path }),
      touchesWrongRoot: (what) => this.world.ledger.broken('I13', `device ${this.index} does ${what} in another root`),
    }
  }
}
