import type { NodeId } from '../../core/ids.ts'
import type { Mutation, NodeState } from '../../core/namespace/model.ts'
import { LINUX, type Abilities } from '../../core/reconcile/abilities.ts'
import type { Device } from '../../core/reconcile/device.ts'
import { isUnsettled, type ItemId } from '../../core/reconcile/item.ts'
import { findLocalNameFault, isSameOnDisk } from '../../core/reconcile/names.ts'
import { setAttributes } from './content-mutations.ts'
import { by, mkdir, move, PHONE, trash, world, write } from './namespace-world.ts'
import type { NamespaceServer } from './namespace-server.ts'
import { describe, remoteState, serverListing } from './listings.ts'
import { PlannedDevice } from './planned-device.ts'
import type { BaseTree, Change } from './tree-changes.ts'

export type TwoSides = { base: BaseTree; local: readonly Change[]; remote: readonly Change[]; device?: Partial<Device> }

/** One tree that both sides had, changed on each; then the device comes to rest. */
export class TwoSidesWorld {
  readonly w: ReturnType<typeof world>
  readonly device: PlannedDevice
  /** Nodes that both sides had, and who deleted or edited them since. */
  readonly base = new Map<NodeId, { kind: string }>()
  readonly deleted = { local: new Set<NodeId>(), remote: new Set<NodeId>() }
  readonly edited = { local: new Set<NodeId>(), remote: new Set<NodeId>() }
  /** Rounds that did something, when it last came to rest. */
  rounds = 0
  readonly #ids = new Map<string, NodeId>()
  #count = 0

  /** @param others another device on a server that is there */
  constructor(
    { base, local, remote, device = {} }: TwoSides,
    others: { w: ReturnType<typeof world>; device: PlannedDevice } | null = null,
  ) {
    const { abilities = LINUX } = device
    this.w = others?.w ?? world()
    this.device = others?.device ?? new PlannedDevice(this.w.server, this.w.root, { device: { abilities } })
    for (const path of base) {
      if (path.endsWith('/')) this.device.mkdir(path.slice(0, -1))
      else this.device.write(path, path)
    }
    this.device.settle()
    this.device.device = { ...this.device.device, ...device }
    this.device.done.length = 0
    this.device.log.length = 0
    for (const node of this.live()) {
      this.base.set(node.id, { kind: node.kind })
      this.#ids.set(this.w.server.path(node.id), node.id)
    }
    for (const change of remote) this.changeThere(change)
    for (const change of local) this.changeHere(change)
  }

  /** Of what both had, by its path then. */
  idOf(path: string): NodeId {
    return this.#ids.get(path)!
  }

  /** The steps that were done: each with the path that its item had. */
  done(): string[] {
    return this.device.log
  }

  live(): NodeState[] {
    return [...this.w.server.state.nodes.values()].filter(
      ({ id, parentId }) => parentId !== null && this.w.server.isLive(id),
    )
  }

  changeHere(change: Change): void {
    const { device } = this
    switch (change.do) {
      case 'edit': {
        const id = device.find(change.path)
        if (!id || device.trees.item(id)?.local?.kind !== 'file') return
        this.edited.local.add(id as NodeId)
        device.write(change.path, change.text)
        return
      }
      case 'create':
        return void (device.isFree(change.path) && device.write(change.path, change.text))
      case 'mkdir':
        return void (device.isFree(change.path) && device.mkdir(change.path))
      case 'move': {
        const id = device.find(change.from)
        if (!id || !device.isFree(change.to, id) || isWithin(change.to, change.from)) return
        return device.move(change.from, change.to)
      }
      case 'delete': {
        const id = device.find(change.path)
        if (!id) return
        for (const gone of below(id, (at) => device.trees.children('local', at))) this.deleted.local.add(gone as NodeId)
        return device.remove(change.path)
      }
      case 'chmod': {
        const id = device.find(change.path)
        const content = id && device.trees.item(id)?.local?.content
        if (content && content.kind === 'file') device.chmod(change.path, !content.executable)
      }
    }
  }

  changeThere(change: Change): void {
    const mutation = this.#mutation(change)
    if (!mutation) return
    const { nodes } = this.w.server.state
    const [outcome] = this.w.commit(by(PHONE, mutation))
    if (outcome?.outcome !== 'applied') return
    const { id } = outcome.node
    if (change.do === 'edit') this.edited.remote.add(id)
    if (change.do !== 'delete') return
    const childrenOf = (at: ItemId) => [...nodes.values()].filter((n) => n.parentId === at && n.trashedAt === null)
    for (const gone of below(id, (at) => childrenOf(at).map((n) => n.id))) this.deleted.remote.add(gone as NodeId)
  }

  #mutation(change: Change): Mutation | null {
    const id = `there ${++this.#count}`
    const at = (path: string) => this.#nodeAt(path)
    const [path] = change.do === 'move' ? [change.to] : [change.path]
    const [parent, name] = [at(parentOf(path)), nameOf(path)]
    if (!parent) return null
    switch (change.do) {
      case 'edit': {
        const node = at(change.path)
        return node?.kind === 'file' ? write(id, { node: node.id }, node.contentRevision, change.text) : null
      }
      case 'create':
        return at(change.path) ? null : write(id, { parent: parent.id, name }, 0, change.text)
      case 'mkdir':
        return mkdir(id, parent.id, name)
      case 'move': {
        const node = at(change.from)
        return node && move(id, node.id, parent.id, name)
      }
      case 'delete': {
        const node = at(change.path)
        return node && trash(id, node.id)
      }
      case 'chmod': {
        const node = at(change.path)
        return node?.kind === 'file' ? setAttributes(id, node.id, { executable: !node.executable }) : null
      }
    }
  }

  #nodeAt(path: string): NodeState | null {
    let at = this.w.server.node(this.w.root)!
    for (const name of path.split('/').filter(Boolean)) {
      const next = this.w.server.children(at.id).find((node) => node.name === name)
      if (!next) return null
      at = next
    }
    return at
  }

  /** @throws Error that says which promise does not hold */
  settle(maxRounds = 12): { rounds: number; listing: string[] } {
    const saved = [...textsOf(this.device.listing(), 'L'), ...textsOf(serverListing(this.w.server, this.w.root), 'R')]
    const rounds = this.device.settle(maxRounds)
    this.rounds = rounds
    const listing = serverListing(this.w.server, this.w.root)
    const { done, rejections } = this.device
    // Where the server revives a file is not known before: something else may have been meant for that name.
    const isRevived = done.some((step) => step.do === 'upload-version')
    const refused = rejections.filter(
      (some) => !(isRevived && some.outcome === 'rejected' && some.code === 'name-taken'),
    )
    require('nothing is refused', refused.length === 0, refused)
    const kept = textsOf([...listing, ...this.device.listing()], 'LR')
    for (const text of saved) require(`I2 ${text} is there`, kept.includes(text), listing)
    const expected = expectedListing(this.w.server, this.w.root, this.device.device.abilities)
    const here = this.device
      .listing()
      .map((line) => line.normalize('NFC'))
      .sort()
    // NM-04: what is new here, and the server could not tell from its twin, stays here, with all that is in it.
    if ([...this.device.trees.items()].some(({ local, blocked }) => local && blocked)) return { rounds, listing }
    require('I18 the device has what it can hold', `${expected}` === `${here}`, [expected, here])
    const open = [...this.device.trees.items()].filter(
      (item) => item.local && (item.remote || item.synced) && isUnsettled(item),
    )
    require('I19 nothing here is unsettled', open.length === 0, open)
    const parked = listing.filter((line) => line.includes('.bitvault-moving'))
    require('nothing stands aside for good', parked.length === 0, parked)
    this.#requireExplained()
    return { rounds, listing }
  }

  /** I5, I6, P3: a node is gone when somebody deleted it, and nobody wrote it without knowing; and only then. */
  #requireExplained(): void {
    const { deleted, edited } = this
    for (const [id, { kind }] of this.base) {
      const isLive = this.w.server.isLive(id)
      const isDeleted = deleted.local.has(id) || deleted.remote.has(id)
      if (!isDeleted) require(`I5 ${id} was deleted by nobody`, isLive, this.w.server.path(id))
      else if (kind === 'file' && isLive)
        require(`I6 ${id} was deleted`, this.#isWritten(id) || this.#isBlocked(id), this.w.server.path(id))
      else if (deleted.local.has(id) && !deleted.remote.has(id) && edited.remote.has(id))
        require(`P3 ${id} was edited there`, isLive, this.w.server.path(id))
      else if (deleted.remote.has(id) && !edited.remote.has(id) && !deleted.local.has(id) && edited.local.has(id))
        require(`P3 ${id} was edited here`, isLive, this.w.server.path(id))
    }
  }

  /** It may have been moved to where this device cannot hold it: then nothing is deleted by it (P7). */
  #isBlocked(id: NodeId): boolean {
    return !this.device.device.abilities.isCaseSensitive || this.device.find(this.w.server.path(id)) === null
  }

  #isWritten(id: NodeId): boolean {
    return 'LR'.includes(this.w.server.text(id)![0]!)
  }
}

/** What the server has, as far as a disk can hold it: written apart from the planner, from its rules. */
function expectedListing(server: NamespaceServer, root: NodeId, abilities: Abilities): string[] {
  const lines: string[] = []
  const folders = [root]
  for (const folder of folders) {
    const possible = server.children(folder).filter(({ name }) => findLocalNameFault(name, abilities) === null)
    for (const node of possible) {
      const isTaken = possible.some(({ id, name }) => id < node.id && isSameOnDisk(name, node.name, abilities))
      if (isTaken) continue
      lines.push(describe(server.path(node.id), remoteState(node).content))
      if (node.kind === 'folder') folders.push(node.id)
    }
  }
  return lines.map((line) => line.normalize('NFC')).sort()
}

function require(what: string, holds: boolean, seen: unknown): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(seen)}`)
}

const textsOf = (listing: string[], by: string): string[] =>
  listing.flatMap((line) => {
    const text = line.split(' = ')[1]
    return text !== undefined && by.includes(text[0]!) ? [text] : []
  })

function below(id: ItemId, children: (id: ItemId) => ItemId[]): ItemId[] {
  const all = [id]
  for (const at of all) all.push(...children(at))
  return all
}

const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/')
const nameOf = (path: string): string => path.split('/').at(-1)!
const isWithin = (path: string, folder: string): boolean =>
  `${path}/`.normalize('NFC').startsWith(`${folder}/`.normalize('NFC'))
