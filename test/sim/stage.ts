import { deepEqual } from 'node:assert/strict'
import { checkRest } from './end-rules.ts'
import type { Fault } from './fault.ts'
import { Hand } from './hand.ts'
import { healDevice, healServer } from './heal.ts'
import { keyOfBytes, RuleBroken } from './ledger.ts'
import { Moments, type Wanted } from './moments.ts'
import { ON_SERVER } from './moves.ts'
import type { Move } from './script.ts'
import { Since } from './since.ts'
import type { Interruption, World } from './world.ts'

/** What a scenario is told with. */
export class Stage {
  readonly world: World
  readonly #moments = new Moments()
  /** See `Scenario.dies`. */
  readonly mortal: number
  /** Calls of it, the first and the last, that it may die at. */
  readonly window = { from: 1, to: 0 }

  constructor(world: World, mortal = 0) {
    this.world = world
    this.mortal = mortal
    world.onInterrupt = this.#moments.come
  }

  at = (index: number): Hand => new Hand(this.world.devices[index]!)
  get a(): Hand {
    return this.at(0)
  }
  get b(): Hand {
    return this.at(1)
  }
  get c(): Hand {
    return this.at(2)
  }

  since = (): Since => new Since(this.world)

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

  /** The ids of what lives, by path: what was moved keeps its own. */
  get ids(): ReadonlyMap<string, string> {
    return new Map(this.world.cloud.live().map(({ path, node }) => [path, node.id]))
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

  /** Tops of what is in the trash of the server. */
  get trash(): string[] {
    const { state, server } = this.world.cloud
    const tops = [...state.nodes.values()].filter(({ id, trashedAt }) => trashedAt !== null && !state.purged.has(id))
    return tops.map(({ id }) => server.path(id)).sort()
  }

  /** The texts of a file's versions, oldest first. */
  versions(path: string): string[] {
    const { state, server } = this.world.cloud
    const node = state.nodes.get(this.idAt(path) as never)!
    return Array.from({ length: node.contentRevision }, (_, at) => server.text(node.id, at + 1) ?? '')
  }

  /** These bytes may be where only their own device has them, in its safety trash: the scenario looks there itself. */
  isKeptAside = (text: string): void => void this.world.rules.expendable.add(keyOfBytes(Buffer.from(text)))

  /** The person of a device does not want this folder there. */
  unselect(index: number, path: string): void {
    this.world.devices[index]!.unselected.add(this.idAt(path)!)
    this.at(index).syncNow()
  }

  select(index: number, path: string): void {
    this.world.devices[index]!.unselected.delete(this.idAt(path)!)
    this.at(index).syncNow()
  }

  /** All have done this while the others could not see it; then they come back, one after the other. */
  async apart(...works: ((hand: Hand) => void)[]): Promise<void> {
    const hands = works.map((_, at) => this.at(at))
    for (const hand of hands) hand.offline()
    for (const [at, work] of works.entries()) work(hands[at]!)
    await this.pass(5_000)
    for (const hand of hands) {
      hand.online()
      hand.syncNow()
      await this.pass(5_000)
    }
    await this.settle()
  }

  /** On the server and on every device. @throws AssertionError */
  everywhere(...lines: string[]): void {
    deepEqual(this.remote, lines.toSorted())
    for (const device of this.world.devices) deepEqual(new Hand(device).tree, lines.toSorted())
  }

  /** What files hold, whatever they are called, on the server and on every device. @throws AssertionError */
  texts(...texts: string[]): void {
    deepEqual(textsOf(this.remote), texts.toSorted())
    for (const device of this.world.devices) deepEqual(textsOf(new Hand(device).tree), texts.toSorted())
  }

  /** Conflicted copies that live. */
  get copies(): string[] {
    return this.remote.filter((line) => line.includes('conflicted copy'))
  }

  /** An engine is ended as it should be; `start` begins it again. */
  async stop(index: number): Promise<void> {
    const { device } = this.at(index)
    void device.stop()
    while (device.engine !== null) await this.pass(100)
  }

  start = (index: number): void => this.world.devices[index]!.start()

  /** Nothing changes any more. @throws RuleBroken */
  async settle(): Promise<void> {
    await this.world.rest()
    this.#requireRules()
  }

  pass = async (ms: number): Promise<void> => {
    await this.world.pass(ms)
    this.#requireRules()
  }

  /** @throws Error: a moment that was waited for did not come */
  requireMoments(): void {
    const missed = this.#moments.missed()
    if (missed.length > 0) throw new Error(`it never came to: ${missed.join('; ')}`)
  }

  /** @throws RuleBroken */
  async rest(): Promise<void> {
    this.heal()
    await this.settle()
    await checkRest(this.world)
    this.#requireRules()
  }

  heal(): void {
    this.world.isHealed = true
    healServer(this.world)
    for (const device of this.world.devices) healDevice(device)
  }

  #requireRules(): void {
    const [violation] = this.world.ledger.violations
    if (violation) throw new RuleBroken(violation)
  }

  /** Once, at a moment that must come. */
  when(index: number, gap: string, work: (at: Interruption) => void, wanted: Omit<Wanted, 'index' | 'gap'> = {}): void {
    this.#moments.wait({ index, gap, ...wanted }, work, false)
  }

  /** At every moment like that, at least once. @returns how to end it */
  whenever(index: number, gap: string, work: (at: Interruption) => void, where?: RegExp): () => void {
    return this.#moments.wait({ index, gap, ...(where && { where }) }, work, true)
  }

  /** Sees what a device does, if it does. */
  spies(index: number, what: string, see: (detail: string) => void): void {
    this.#moments.wait({ index, gap: `before ${what}`, nth: 0 }, ({ detail }) => see(detail), true)
  }

  /** This goes wrong with one call that must come. */
  befalls(index: number, what: string, fault: Fault, wanted: Omit<Wanted, 'index' | 'gap'> = {}): void {
    this.when(index, `before ${what}`, ({ call }) => this.world.faults.plan({ device: index, call, fault }), wanted)
  }

  /** This goes wrong with every such call. @returns how to end it */
  keepsBefalling(index: number, what: string, fault: Fault, where?: RegExp): () => void {
    const plan = ({ call }: Interruption): void => this.world.faults.plan({ device: index, call, fault })
    return this.whenever(index, `before ${what}`, plan, where)
  }

  /** From here to `livesOn` the mortal device is killed at every call, each time in a world of its own. */
  mayDie = (): void => void (this.window.from = this.world.devices[this.mortal]!.calls + 1)
  livesOn = (): void => void (this.window.to = this.world.devices[this.mortal]!.calls)
}

const textsOf = (tree: readonly string[]): string[] =>
  tree
    .filter((line) => line.includes('='))
    .map((line) => line.slice(line.indexOf('=') + 1))
    .sort()
