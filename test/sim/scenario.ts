import { deepEqual } from 'node:assert/strict'
import { isOwnPath } from '../../client/sync/own-folder.ts'
import { FILE_SYSTEMS } from './config.ts'
import type { Device } from './device.ts'
import { checkRest } from './end-rules.ts'
import { NO_FAULTS, type Fault } from './fault.ts'
import { healDevice, healServer } from './heal.ts'
import { RuleBroken } from './ledger.ts'
import { ON_DEVICE, ON_SERVER } from './moves.ts'
import type { DeviceConfig, Move } from './script.ts'
import { GOOD_WATCH } from './virtual-watcher.ts'
import { World, type WorldOptions } from './world.ts'

/** A case of SYNC-CASES by its id, or a fault that a seed has found: what people and machines do, and what must come of it. */
export type Scenario = {
  id: string
  title: string
  /** One file system for each device; two plain ones when it says nothing. */
  devices?: readonly (keyof typeof FILE_SYSTEMS)[]
  watch?: DeviceConfig['watch']
  play(stage: Stage): Promise<void>
}

/** Plays a scenario, then waits for rest and looks at everything that must hold there. @throws RuleBroken, or what the scenario throws */
export async function playScenario(scenario: Scenario, options: WorldOptions = {}): Promise<World> {
  const devices = (scenario.devices ?? ['linux', 'linux']).map((kind, at) => ({
    name: `device ${at}`,
    fs: FILE_SYSTEMS[kind],
    skewUs: 0,
    watch: scenario.watch ?? GOOD_WATCH,
    isActive: true,
  }))
  const config = { devices, rates: NO_FAULTS, moves: 0, gapRate: 0, groups: [] }
  const world = new World({ seed: 1, config, moves: [], faults: [] }, options)
  world.onAnswer = () => null
  const onRejection = (error: unknown): void => world.unexpected(error)
  process.on('unhandledRejection', onRejection)
  try {
    for (const device of world.devices) device.start()
    const stage = new Stage(world)
    await stage.settle()
    await scenario.play(stage)
    await stage.rest()
  } finally {
    process.off('unhandledRejection', onRejection)
    for (const { life } of world.devices) life?.end()
  }
  return world
}

/** What a scenario is told with. */
export class Stage {
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  at = (index: number): Hand => new Hand(this, this.world.devices[index]!)
  get a(): Hand {
    return this.at(0)
  }
  get b(): Hand {
    return this.at(1)
  }

  /** A move of the server or the web; names of nodes are paths here. */
  server(name: string, { path, to, ...told }: Omit<Move, 'do' | 'on'> = {}): void {
    const idOf = (at: string | undefined): string | undefined => (at === undefined ? undefined : (this.idAt(at) ?? at))
    const move: Move = { do: name, on: -1, ...told }
    if (path !== undefined) move.path = idOf(path)!
    if (to !== undefined) move.to = name === 'web-move' || name === 'web-copy' ? idOf(to)! : to
    ON_SERVER[name]!.perform(this.world, move)
  }

  /** Of what lives there, or lived there last. */
  idAt(path: string): string | undefined {
    const { cloud } = this.world
    if (path === '') return cloud.rootId
    const live = cloud.live().find((one) => one.path === path)
    return live?.node.id ?? [...cloud.state.nodes.values()].findLast(({ id }) => cloud.server.path(id) === path)?.id
  }

  /** What lives on the server, as `path` or `path=text`. */
  get remote(): string[] {
    const { cloud } = this.world
    const lines = cloud.live().map(({ path, node }) => {
      if (node.kind === 'folder') return `${path}/`
      return node.kind === 'symlink' ? `${path}->${node.linkTarget}` : `${path}=${cloud.server.text(node.id)}`
    })
    return lines.sort()
  }

  /** Both have done this while the other could not see it; then both come back, one after the other. */
  async apart(...works: ((hand: Hand) => void)[]): Promise<void> {
    const hands = works.map((_, at) => this.at(at))
    for (const hand of hands) hand.offline()
    for (const [at, work] of works.entries()) work(hands[at]!)
    await this.pass(5_000)
    for (const hand of hands) {
      hand.online()
      hand.device.engine?.syncNow()
      await this.pass(5_000)
    }
    await this.settle()
  }

  /** On the server and on every device that holds every name. @throws AssertionError */
  everywhere(...lines: string[]): void {
    deepEqual(this.remote, lines.toSorted())
    for (const device of this.world.devices) deepEqual(new Hand(this, device).tree, lines.toSorted())
  }

  /** What files hold, whatever they are called, on the server and on every device. @throws AssertionError */
  texts(...texts: string[]): void {
    const held = (tree: readonly string[]): string[] =>
      tree
        .filter((line) => line.includes('='))
        .map((line) => line.slice(line.indexOf('=') + 1))
        .sort()
    deepEqual(held(this.remote), texts.toSorted())
    for (const device of this.world.devices) deepEqual(held(new Hand(this, device).tree), texts.toSorted())
  }

  /** Conflicted copies that live. */
  get copies(): string[] {
    return this.remote.filter((line) => line.includes('conflicted copy'))
  }

  /** Nothing changes any more. @throws RuleBroken */
  async settle(): Promise<void> {
    await this.world.rest()
    this.#requireRules()
  }

  pass = async (ms: number): Promise<void> => {
    await this.world.pass(ms)
    this.#requireRules()
  }

  async rest(): Promise<void> {
    this.world.isHealed = true
    healServer(this.world)
    for (const device of this.world.devices) healDevice(device)
    await this.settle()
    await checkRest(this.world)
    this.#requireRules()
  }

  #requireRules(): void {
    const [violation] = this.world.ledger.violations
    if (violation) throw new RuleBroken(violation)
  }

  /** Before the server answers, this befalls the next call of a device that does `what`. */
  befalls(index: number, what: string, fault: Fault): void {
    this.when(index, `before ${what}`, () => {
      this.world.faults.plan({ device: index, call: this.world.devices[index]!.calls, fault })
    })
  }

  /** Once, in the next gap of this kind: before a call (`before replace`), or within it (`replace-link`). */
  when(index: number, gap: string, work: () => void, path: RegExp = /(?:)/): void {
    const before = this.world.onInterrupt
    let isDone = false
    this.world.onInterrupt = (device, at, where) => {
      before(device, at, where)
      if (isDone || device.index !== index || at !== gap || !path.test(where)) return
      isDone = true
      work()
    }
  }
}

/** The person at one device. */
export class Hand {
  readonly stage: Stage
  readonly device: Device

  constructor(stage: Stage, device: Device) {
    this.stage = stage
    this.device = device
  }

  get person() {
    return this.device.hands
  }

  write = (path: string, text: string): void => void this.person.write(path, Buffer.from(text))
  save = (path: string, text: string): void => this.person.save(path, Buffer.from(text), false)
  append = (path: string, text: string): void => this.write(path, this.read(path) + text)

  read(path: string): string | null {
    const inode = this.device.tree.at(path)?.inode
    return inode?.kind === 'file' ? Buffer.from(inode.bytes).toString() : null
  }

  /** A move of the simulation by its name. */
  does(name: string, told: Omit<Move, 'do' | 'on'> = {}): void {
    ON_DEVICE[name]!.perform(this.device, { do: name, on: this.device.index, ...told })
  }

  offline = (): void => void (this.device.line.isUp = false)
  online = (): void => void (this.device.line.isUp = true)

  /** What people see: `folder/`, `file=text`, `link->target`. */
  get tree(): string[] {
    const lines: string[] = []
    for (const { path, entry } of this.device.tree.walk()) {
      if (isOwnPath(path)) continue
      const { kind, bytes, target } = entry.inode
      if (kind === 'folder') lines.push(`${path}/`)
      else if (kind === 'symlink') lines.push(`${path}->${target}`)
      else lines.push(kind === 'file' ? `${path}=${Buffer.from(bytes).toString()}` : `${path}|`)
    }
    return lines.sort()
  }

  /** What cannot be as it should be, and why: `path: reason`. */
  get blocked(): string[] {
    const items = [...this.device.store.items.values()].filter(({ blocked }) => blocked)
    return items.map(({ remote, local, blocked }) => `${(local ?? remote)?.place.name}: ${blocked!.reason}`).sort()
  }
}
