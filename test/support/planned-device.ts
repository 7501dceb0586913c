import type { NodeId } from '../../core/ids.ts'
import type { Mutation, NodeState, Outcome, WriteFile } from '../../core/namespace/model.ts'
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
  type Stamp,
} from '../../core/reconcile/item.ts'
import { findLocalNameFault, isSameOnDisk } from '../../core/reconcile/names.ts'
import { plan } from '../../core/reconcile/plan.ts'
import type { Expectation, LocalStep, Plan, RemoteStep, Step } from '../../core/reconcile/step.ts'
import { MemoryTrees } from './memory-trees.ts'
import type { NamespaceServer } from './namespace-server.ts'
import { ANNA, by, common, hash, write } from './namespace-world.ts'

export const ROOMY: Device = {
  abilities: LINUX,
  canWrite: true,
  brake: { atLeast: 1_000_000, share: 1, answer: { local: 'ask', remote: 'ask' } },
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

const IN_PLACE = /^(park-local|move-local|remove-local|download|make-local-folder|set-executable-local)$/

/**
 * A device with nothing but trees: its local tree is its disk, always just scanned. It plans, and does each step as the plan says, on the real server
 * in memory. Whatever a plan may not do fails here: a step that cannot be done, or one that would destroy what is held nowhere else.
 */
export class PlannedDevice {
  readonly server: NamespaceServer
  readonly trees: MemoryTrees
  device: Device
  readonly rejections: Outcome[] = []
  revived = 0
  /** Of all steps that were done. */
  readonly done: Step[] = []
  /** The same, each with the path that its item had then, or has since; `?`: it is not here. */
  readonly log: string[] = []
  readonly #actor
  readonly #texts: Map<string, string>
  readonly #now = new Map<ItemId, ItemId>()
  #seen = 0
  #count = 0

  constructor(server: NamespaceServer, root: NodeId, options: { device?: Partial<Device>; actor?: typeof ANNA } = {}) {
    this.server = server
    this.trees = new MemoryTrees(root)
    this.device = { ...ROOMY, ...options.device }
    this.#actor = options.actor ?? ANNA
    this.#texts = new Map()
  }

  // What people do on this disk.

  write(path: string, text: string, { executable = false } = {}): ItemId {
    this.#texts.set(hash(text), text)
    const before = this.find(path)
    const synced = before && this.trees.item(before)?.synced?.content
    const kept = !this.device.abilities.executableBit && synced?.kind === 'file' ? synced.executable : executable
    return this.#save(path, { kind: 'file', sha256: hash(text), size: Buffer.byteLength(text), executable: kept })
  }
  mkdir(path: string): ItemId {
    return this.#save(path, { kind: 'folder' })
  }
  link(path: string, target: string): ItemId {
    return this.#save(path, { kind: 'symlink', target })
  }
  move(from: string, to: string): void {
    const id = this.at(from)
    const place = this.#placeAt(to)
    this.trees.setLocal(id, { ...this.trees.item(id)!.local!, place, stamp: this.#stamp() })
  }
  remove(path: string): void {
    const going = [this.at(path)]
    for (const id of going) going.push(...this.trees.children('local', id))
    for (const id of going) this.trees.setLocal(id, null)
  }
  chmod(path: string, executable: boolean): void {
    const id = this.at(path)
    const local = this.trees.item(id)!.local!
    if (local.content?.kind !== 'file') throw new Error(`${path} is no file`)
    this.trees.setLocal(id, { ...local, content: { ...local.content, executable }, stamp: this.#stamp() })
  }
  /** Noticed, and not read yet. */
  touch(path: string): void {
    const id = this.at(path)
    this.trees.setLocal(id, { ...this.trees.item(id)!.local!, content: null, stamp: this.#stamp() })
  }

  at(path: string): ItemId {
    const id = this.find(path)
    if (!id) throw new Error(`no ${path}`)
    return id
  }
  find(path: string): ItemId | null {
    let at: ItemId | null = this.trees.root
    for (const name of path.split('/').filter(Boolean))
      at = at && this.trees.childNamed('local', at, this.#spelled(name))
    return at
  }
  /** This disk could take something under this name: nothing of that name, or of one that it takes for the same, is there. */
  isFree(path: string, except: ItemId | null = null): boolean {
    const names = path.split('/')
    const name = names.pop()!
    const parent = this.find(names.join('/'))
    const folder = parent && parent !== this.trees.root ? this.trees.item(parent)!.local! : null
    if (!parent || (folder && folder.kind !== 'folder')) return false
    const { abilities } = this.device
    return (
      findLocalNameFault(name, abilities) === null &&
      this.trees
        .children('local', parent)
        .every((id) => id === except || !isSameOnDisk(this.trees.item(id)!.local!.place.name, name, abilities))
    )
  }

  pathOf(id: ItemId): string {
    const { parent, name } = this.trees.item(id)!.local!.place
    return parent === this.trees.root ? name : `${this.pathOf(parent)}/${name}`
  }

  #pathIfHere(id: ItemId): string | null {
    return this.trees.item(id)?.local ? this.pathOf(id) : null
  }

  /** Paths with what is there, in order. */
  listing(): string[] {
    const lines: string[] = []
    const folders: { id: ItemId; path: string }[] = [{ id: this.trees.root, path: '' }]
    for (const { id, path } of folders) {
      for (const child of this.trees.children('local', id)) {
        const { place, content } = this.trees.item(child)!.local!
        const at = path + place.name
        lines.push(describe(at, content))
        if (content?.kind === 'folder') folders.push({ id: child, path: `${at}/` })
      }
    }
    return lines.sort()
  }

  // What the engine does.

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
    const item = step.item as NodeId
    const mutation = ((): Mutation => {
      switch (step.do) {
        case 'create-remote-folder': {
          const { parent, name } = step.place
          return { ...common(id), kind: 'create-folder', parent: parent as NodeId, name, ifExists: 'keep' }
        }
        case 'upload-new':
          return this.#upload(id, { parent: step.place.parent as NodeId, name: step.place.name }, 0, step.content)
        case 'upload-version':
          return this.#upload(id, { node: item }, step.base, step.content)
        case 'move-remote': {
          const to = { parent: step.to.parent as NodeId, name: step.to.name }
          return { ...common(id), kind: 'move', node: item, to, base: step.base, ifExists: 'keep-both', seen: null }
        }
        case 'trash-remote': {
          const base = step.base === 0 ? null : step.base
          return { ...common(id), kind: 'trash', node: item, base, seen: base === null ? this.#seen : null }
        }
        case 'set-executable-remote':
          return { ...common(id), kind: 'set-attributes', node: item, executable: step.executable }
      }
    })()
    return by(this.#actor, mutation)
  }

  #upload(id: string, target: WriteFile['target'], base: number, content: ItemContent): WriteFile {
    if (content.kind === 'symlink') return { ...write(id, target, base, content.target), nodeKind: 'symlink' }
    if (content.kind === 'folder') throw new Error('a folder has no bytes')
    return { ...write(id, target, base, this.#texts.get(content.sha256)!), executable: content.executable }
  }

  #performHere(step: LocalStep): void {
    const item = this.trees.item(step.item)!
    this.#requireExpected(item, 'expects' in step ? step.expects : { is: 'nothing' })
    if (step.do === 'remove-local' && this.trees.children('local', step.item).length > 0) throw fault(step, 'not empty')
    if (item.local && (step.do === 'remove-local' || step.do === 'download')) this.#requireHeldThere(item.local.content)
    const to = 'to' in step ? step.to : item.local!.place
    if ('to' in step) this.#requireFree(step, to)
    const name = step.do === 'park-local' ? to.name : this.#spelled(to.name)
    applyLocal(this.trees, this.trees, step, { name, stamp: this.#stamp() })
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

  #save(path: string, content: ItemContent): ItemId {
    const id = this.find(path) ?? this.trees.newLocalId()
    const place = this.trees.item(id)?.local?.place ?? this.#placeAt(path)
    this.trees.setLocal(id, { place, kind: content.kind, content, stamp: this.#stamp(), isSettled: true })
    return id
  }

  #placeAt(path: string): Placement {
    const names = path.split('/')
    const name = this.#spelled(names.pop()!)
    return { parent: this.at(names.join('/')), name }
  }

  #spelled(name: string): string {
    const { normalises } = this.device.abilities
    return normalises === 'nothing' ? name : name.normalize(normalises === 'nfd' ? 'NFD' : 'NFC')
  }

  #stamp(): Stamp {
    const time = `${++this.#count}`
    return { ino: time, size: 0, mtimeNs: time, ctimeNs: time }
  }
}

const fault = (step: Step, what: string): Error => new Error(`${JSON.stringify(step)} cannot be done: ${what}`)

export const describe = (path: string, content: ItemContent | null): string => {
  switch (content?.kind) {
    case undefined:
      return `${path}?`
    case 'folder':
      return `${path}/`
    case 'symlink':
      return `${path} -> ${content.target}`
    case 'file':
      return `${path}${content.executable ? '*' : ''} = ${textOf(content.sha256)}`
  }
}

/** The other way of `hash`. */
const textOf = (sha256: string): string => Buffer.from(sha256, 'hex').toString('utf8').replace(/\.+$/, '')

export function remoteState(node: NodeState): RemoteState {
  return {
    place: { parent: node.parentId!, name: node.name },
    content:
      node.kind === 'folder'
        ? { kind: 'folder' }
        : node.kind === 'symlink'
          ? { kind: 'symlink', target: node.linkTarget! }
          : { kind: 'file', sha256: node.sha256!, size: node.size!, executable: node.executable },
    contentRevision: node.contentRevision,
    placementRevision: node.placementRevision,
    mtimeNs: node.mtimeNs,
  }
}

/** What lives on the server, as `listing` tells it. */
export function serverListing(server: NamespaceServer, root: NodeId): string[] {
  const lines: string[] = []
  const folders = [root]
  for (const folder of folders)
    for (const node of server.children(folder)) {
      lines.push(describe(server.path(node.id), remoteState(node).content))
      if (node.kind === 'folder') folders.push(node.id)
    }
  return lines.sort()
}
