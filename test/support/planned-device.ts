import type { NodeId } from '../../core/ids.ts'
import type { Mutation, Outcome } from '../../core/namespace/model.ts'
import { LINUX, type Abilities } from '../../core/reconcile/abilities.ts'
import { applyAnswer, applyLocal, applyNote, resolveStep } from '../../core/reconcile/apply.ts'
import type { Device } from '../../core/reconcile/device.ts'
import {
  isSameContent,
  isSameStamp,
  type Item,
  type ItemContent,
  type ItemId,
  type Placement,
  type RemoteState,
} from '../../core/reconcile/item.ts'
import { isSameOnDisk } from '../../core/reconcile/names.ts'
import { plan } from '../../core/reconcile/plan.ts'
import type { Expectation, LocalStep, Plan, RemoteStep, Step } from '../../core/reconcile/step.ts'
import { remoteState } from './listings.ts'
import type { NamespaceServer } from './namespace-server.ts'
import { ANNA, by } from './namespace-world.ts'
import { mutationOf } from './step-mutations.ts'
import { TreeDisk } from './tree-disk.ts'

export const ROOMY: Device = {
  abilities: LINUX,
  canWrite: true,
  brake: { atLeast: 1_000_000, share: 1, answer: { local: 'ask', remote: 'ask', older: 'ask' } },
  maxSteps: 1_000,
  isSelected: () => true,
  isLeftAlone: () => false,
}

export const MAC: Abilities = { ...LINUX, isCaseSensitive: false, normalises: 'nfd' }
export const WINDOWS: Abilities = {
  isCaseSensitive: false,
  normalises: 'nothing',
  symlinks: false,
  executableBit: false,
  nameMax: { units: 255, of: 'utf16' },
  pathMax: 259,
  refuses: 'windows',
  grainNs: 100n,
}

const IN_PLACE = /^(park-local|move-local|set-aside|remove-local|download|make-local-folder|set-executable-local)$/

/**
 * A device with nothing but trees: its local tree is its disk, always just scanned. It plans, and does each step as the plan says, on the real server
 * in memory. Whatever a plan may not do fails here: a step that cannot be done, or one that would destroy what is held nowhere else.
 */
export class PlannedDevice extends TreeDisk {
  readonly server: NamespaceServer
  device: Device
  readonly rejections: Outcome[] = []
  revived = 0
  /** Of all steps that were done. */
  readonly done: Step[] = []
  /** The same, each with the path that its item had then, or has since; `?`: it is not here. */
  readonly log: string[] = []
  readonly #actor
  readonly #now = new Map<ItemId, ItemId>()
  #seen = 0
  #count = 0

  constructor(server: NamespaceServer, root: NodeId, options: { device?: Partial<Device>; actor?: typeof ANNA } = {}) {
    super(root)
    this.server = server
    this.device = { ...ROOMY, ...options.device }
    this.#actor = options.actor ?? ANNA
  }

  get abilities(): Abilities {
    return this.device.abilities
  }

  pull(): void {
    const live = new Map<ItemId, RemoteState>()
    const folders: NodeId[] = [this.trees.root]
    for (const folder of folders) {
      for (const node of this.server.children(folder)) {
        live.set(node.id, remoteState(node))
        if (node.kind === 'folder') folders.push(node.id)
      }
    }
    const known = [...this.trees.items()]
    for (const { id, remote } of known) if (remote && !live.has(id)) this.trees.setRemote(id, null)
    for (const [id, state] of live)
      if (JSON.stringify(this.trees.item(id)?.remote) !== JSON.stringify(state)) this.trees.setRemote(id, state)
    this.#seen = this.server.state.seq
  }

  plan(): Plan {
    return plan(this.trees, this.device)
  }

  /** @param steps of a plan for the trees as they are */
  perform(steps: readonly Step[]): void {
    this.#now.clear()
    for (const step of steps) this.#perform(resolveStep(step, (id) => this.#follow(id)))
  }

  /** Pulls, plans and does until nothing is left. @returns rounds that did something */
  settle(maxRounds = 12): number {
    for (let round = 0; round <= maxRounds; round++) {
      this.pull()
      const { steps, more } = this.plan()
      if (steps.length === 0 && !more) return round
      this.perform(steps)
    }
    throw new Error(`not settled: ${JSON.stringify(this.plan().steps)}`)
  }

  #follow(id: ItemId): ItemId {
    let at = id
    for (let next = this.#now.get(at); next && next !== at; next = this.#now.get(at)) at = next
    return at
  }

  #perform(step: Step): void {
    const id = step.do === 'pair' ? step.local : step.item
    const before = this.#pathIfHere(id)
    this.done.push(step)
    this.#do(step)
    this.log.push(`${step.do} ${before ?? this.#pathIfHere(id) ?? '?'}`)
  }

  #do(step: Step): void {
    switch (step.do) {
      case 'adopt':
      case 'forget':
      case 'block':
      case 'unblock':
        return applyNote(this.trees, this.trees, step)
      case 'pair':
        applyNote(this.trees, this.trees, step)
        this.#now.set(step.local, step.remote)
        return
      default:
        return IN_PLACE.test(step.do) ? this.#performHere(step as LocalStep) : this.#performThere(step as RemoteStep)
    }
  }

  #performThere(step: RemoteStep): void {
    const [outcome] = this.server.commit(this.#mutation(step))
    if (outcome!.outcome === 'rejected') return void this.rejections.push(outcome!)
    const { node } = outcome!
    if (outcome!.outcome === 'applied' && outcome!.notice === 'revived') this.revived++
    const now = applyAnswer(this.trees, this.trees, step, {
      node: node.id,
      remote: remoteState(node),
      original: outcome!.outcome === 'conflict' ? outcome!.original : null,
    })
    if (now !== step.item) this.#now.set(step.item, now)
  }

  #mutation(step: RemoteStep): Mutation {
    const id = `${this.#actor.sessionId} ${++this.#count}`
    return by(this.#actor, mutationOf(step, { id, seen: this.#seen, textOf: (sha256) => this.texts.get(sha256)! }))
  }

  #pathIfHere(id: ItemId): string | null {
    return this.trees.item(id)?.local ? this.pathOf(id) : null
  }

  #performHere(step: LocalStep): void {
    const item = this.trees.item(step.item)!
    this.#requireExpected(item, 'expects' in step ? step.expects : { is: 'nothing' })
    if (step.do === 'remove-local' && this.trees.children('local', step.item).length > 0) throw fault(step, 'not empty')
    if (item.local && (step.do === 'remove-local' || step.do === 'download')) this.#requireHeldThere(item.local.content)
    const to = 'to' in step ? step.to : item.local!.place
    if ('to' in step) this.#requireFree(step, to)
    const name = step.do === 'park-local' ? to.name : this.spelled(to.name)
    applyLocal(this.trees, this.trees, step, { name, stamp: this.stamp() })
  }

  #requireExpected({ id, local }: Item, expects: Expectation): void {
    const isSo =
      expects.is === 'nothing'
        ? local === null
        : local?.content && isSameContent(local.content, expects.content) && isSameStamp(local.stamp, expects.stamp)
    if (!isSo) throw new Error(`${id} is not as expected`)
  }

  /** I1 */
  #requireHeldThere(content: ItemContent | null): void {
    if (content?.kind !== 'file') return
    for (const { sha256 } of this.server.state.contents.values()) if (sha256 === content.sha256) return
    throw new Error(`the last copy of ${content.sha256}`)
  }

  #requireFree(step: LocalStep, { parent, name }: Placement): void {
    for (let at: ItemId = parent; at !== this.trees.root;) {
      const above = this.trees.item(at)?.local
      if (above?.kind !== 'folder') throw fault(step, `no folder ${at}`)
      if (at === step.item) throw fault(step, 'into itself')
      at = above.place.parent
    }
    for (const id of this.trees.children('local', parent))
      if (id !== step.item && isSameOnDisk(this.trees.item(id)!.local!.place.name, name, this.device.abilities))
        throw fault(step, `${id} is there`)
  }
}

const fault = (step: Step, what: string): Error => new Error(`${JSON.stringify(step)} cannot be done: ${what}`)
