import { SyncEngine } from '../../client/sync/engine.ts'
import type { EngineOptions } from '../../client/sync/engine-parts.ts'
import type { Clock, Disk, SyncEvent, UploadFile } from '../../client/sync/ports.ts'
import type { MutationId } from '../../core/ids.ts'
import type { Actor } from '../../core/namespace/model.ts'
import { AppError } from '../../core/errors.ts'
import { isSameStamp } from '../../core/reconcile/item.ts'
import { LINUX } from '../../core/reconcile/abilities.ts'
import { Cloud, ROOT, uuidOf } from '../sim/cloud.ts'
import { Dice } from '../sim/dice.ts'
import { NO_FAULTS } from '../sim/fault.ts'
import { FaultSource } from '../sim/fault-source.ts'
import { InodeTree } from '../sim/inode-tree.ts'
import { Life } from '../sim/life.ts'
import { Person } from '../sim/person.ts'
import { Scheduler } from '../sim/scheduler.ts'
import { Trace } from '../sim/trace.ts'
import { VirtualDisk } from '../sim/virtual-disk.ts'
import { VirtualRemote, type Line } from '../sim/virtual-remote.ts'
import { GOOD_WATCH, VirtualWatcher } from '../sim/virtual-watcher.ts'
import { emptyStoreData, MemorySyncStore } from './memory-sync-store.ts'

const START_US = 1_700_000_000_000_000
const SECOND_US = 1_000_000
const EVENTS_MAX = 200_000

/** One server and some devices with the real engine, nothing of which fails by itself: for scripted scenarios. */
export class VirtualDevices {
  readonly scheduler = new Scheduler(new Trace())
  readonly cloud = new Cloud(() => (START_US + this.scheduler.nowUs) / 1_000)
  readonly devices: VirtualDevice[] = []
  #web: Actor | null = null
  #changes = 0

  add(options: Partial<EngineOptions> = {}): VirtualDevice {
    const device = new VirtualDevice(this, this.devices.length + 1, options)
    this.devices.push(device)
    return device
  }

  /** Time goes on. */
  async pass(seconds: number): Promise<void> {
    const end = this.scheduler.nowUs + seconds * SECOND_US
    this.scheduler.after(seconds * SECOND_US, () => {})
    const ended = await this.scheduler.run(() => this.scheduler.nowUs >= end, EVENTS_MAX)
    if (ended !== 'over') throw new Error(`time stands still: ${ended}`)
    for (const { failure } of this.devices) if (failure !== null) throw failure
  }

  /** Long enough for everything to come to rest. */
  settle = (): Promise<void> => this.pass(150)

  /** The frame of a change that somebody makes elsewhere. */
  byWeb(): { id: MutationId; fingerprint: string; actor: Actor; traceparent: null } {
    this.#web ??= this.cloud.addDevice(0, 'the web')
    const id = uuidOf(9, ++this.#changes) as MutationId
    return { id, fingerprint: id, actor: this.#web, traceparent: null }
  }

  /** Everything on the server, a folder with a slash behind it. */
  remoteTree(): string[] {
    return this.cloud
      .live()
      .map(({ path, node }) => path + (node.kind === 'folder' ? '/' : ''))
      .toSorted()
  }
}

/** Sends only what is as it was when it was planned, as the way over HTTP does. */
class StampedRemote extends VirtualRemote {
  readonly #disk: Disk

  constructor(parts: ConstructorParameters<typeof VirtualRemote>[0]) {
    super(parts)
    this.#disk = parts.disk
  }

  override async *upload(files: UploadFile[]) {
    const wanted: UploadFile[] = []
    for (const file of files) {
      const entry = await this.#disk.stat(file.path)
      if (entry !== null && isSameStamp(entry.stamp, file.stamp)) wanted.push(file)
      else yield { item: file.item, result: { outcome: 'failed' as const, error: new AppError('precondition-failed') } }
    }
    yield* super.upload(wanted)
  }
}

export class VirtualDevice {
  readonly tree: InodeTree
  readonly person: Person
  readonly line: Line = { isUp: true, losesAnswers: false, says: null }
  store = emptyStoreData()
  readonly events: SyncEvent[] = []
  failure: Error | null = null
  engine: SyncEngine | null = null
  readonly #world: VirtualDevices
  readonly #index: number
  readonly #options: Partial<EngineOptions>
  readonly #actor
  #life: Life | null = null
  #calls = 0
  #lives = 0
  #running: Promise<void> = Promise.resolve()

  constructor(world: VirtualDevices, index: number, options: Partial<EngineOptions>) {
    this.#world = world
    this.#index = index
    this.#options = options
    this.#actor = world.cloud.addDevice(index, `device ${index}`)
    this.tree = new InodeTree(
      { ...LINUX, birthTime: false, reusesInodes: false },
      () => START_US + world.scheduler.nowUs,
    )
    this.person = new Person(this.tree)
  }

  start(wasStoppedCleanly = true): this {
    const { scheduler, cloud } = this.#world
    const life = new Life({
      index: this.#index,
      seed: this.#index,
      scheduler,
      faults: new FaultSource(this.#index, NO_FAULTS, null),
      nextCall: () => ++this.#calls,
      beforeCall: () => {},
      lateUs: () => 0,
      crash: () => {},
      unexpected: (error) => (this.failure = error as Error),
    })
    const dice = new Dice(this.#index * 1_000 + ++this.#lives)
    const disk = new VirtualDisk(this.tree, life)
    const clock: Clock = {
      now: () => Math.floor((START_US + scheduler.nowUs) / 1_000),
      sleep: (ms, signal) => life.pause(ms * 1_000, { isIdle: true, ...(signal && { signal }) }),
    }
    const random = {
      bytes: (count: number) => Uint8Array.from({ length: count }, () => dice.int(256)),
      fraction: () => dice.fraction(),
    }
    const remote = new StampedRemote({ cloud, actor: this.#actor, life, line: this.line, disk })
    const engine = new SyncEngine({
      store: new MemorySyncStore(ROOT, this.store),
      disk,
      remote,
      watcher: new VirtualWatcher(this.tree, life, () => GOOD_WATCH),
      clock,
      random,
      tell: (event) => this.events.push(event),
      wasStoppedCleanly,
      bootId: 'one boot',
      options: this.#options,
    })
    this.#life = life
    this.engine = engine
    this.#running = engine.run().catch((error: unknown) => void (this.failure = error as Error))
    return this
  }

  async stop(): Promise<void> {
    this.engine?.stop()
    await this.#world.pass(1)
    await this.#running
    this.#life?.end()
    this.engine = null
  }

  /** The process is gone between two calls. What the disk had is there. */
  kill(): void {
    this.#life?.end()
    this.tree.onChange = () => {}
    this.engine = null
  }

  get state(): string {
    const told = this.events.findLast((event) => event.kind === 'state')
    return told?.kind === 'state' ? [told.state, told.reason].filter(Boolean).join(' ') : 'none'
  }

  write = (path: string, text: string): void => void this.person.write(path, Buffer.from(text))
  read = (path: string): string => Buffer.from(this.tree.find(path).entry!.inode.bytes).toString()

  /** What the person has, a folder with a slash behind it. */
  files(): string[] {
    const folders = new Set(this.person.folders())
    return this.person
      .paths()
      .map((path) => (folders.has(path) ? `${path}/` : path))
      .toSorted()
  }

  /** Each file with what is in it. */
  contents(): Record<string, string> {
    return Object.fromEntries(
      this.person
        .files()
        .toSorted()
        .map((path) => [path, this.read(path)]),
    )
  }
}
