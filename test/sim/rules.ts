import { alike } from '../../core/reconcile/alike.ts'
import type { MutationId, NodeId } from '../../core/ids.ts'
import { versionKey, type NodeState } from '../../core/namespace/model.ts'
import { isLocalId, type Item } from '../../core/reconcile/item.ts'
import { isOwnPath } from '../../client/sync/own-folder.ts'
import type { SyncEvent } from '../../client/sync/ports.ts'
import type { MemorySyncStore } from '../support/memory-sync-store.ts'
import { unitBelow } from '../support/namespace-state.ts'
import type { Committed } from './cloud.ts'
import type { Device } from './device.ts'
import type { DiskWatch } from './disk-watch.ts'
import type { Inode } from './inode.ts'
import { EMPTY, keyOf, keyOfBytes, keyOfLink, type Key } from './ledger.ts'
import { rulesOf } from './left-out.ts'
import { isKnownLive, isUnselectedBy, shownAt } from './seen-by.ts'
import { GOOD_WATCH } from './virtual-watcher.ts'
import type { World } from './world.ts'

/** From a move to the look at where it went. */
const SEEN_HALF_US = 5_000_000

/** Who has no good watcher may see a move only with the next look at everything. */
const isDeaf = ({ config, watch }: Device): boolean => config.watch !== GOOD_WATCH || watch !== GOOD_WATCH
const unseenUs = (device: Device): number => (isDeaf(device) ? SCANNED_US : SEEN_HALF_US)
const SCANNED_US = 3_700_000_000

type Entry = Committed['effects']['journal'][number]

/** When it, or a folder above it, had its name changed last. */
function lastMovedUs({ ctimeUs }: Inode, folder: Inode): number {
  let newest = ctimeUs
  for (let at: Inode | null = folder; at; at = at.parent) newest = Math.max(newest, at.ctimeUs)
  return newest
}

/** What must hold after every step (SYNC-CASES, safety). What must hold at rest is in test/sim/end-rules.ts. */
export class Rules {
  readonly #world: World
  /** By content: when a person's delete of it reached the server. */
  readonly #deletedUs = new Map<Key, number>()
  readonly #names = new Map<NodeId, Set<string>>()
  /** Nodes that somebody has brought back on purpose. */
  readonly #restored = new Set<NodeId>()
  /** When a device has made a folder on the server. */
  readonly #madeUs = new Map<NodeId, number>()
  /** Names (`alike`) that were left out by a rule: what has one is new when it is not any more (SS-09). */
  readonly everIgnored = new Set<string>()
  /** Contents that somebody has done away with for good, and those that a restored server has lost. */
  readonly expendable = new Set<Key>([EMPTY])
  readonly acked = new Set<Key>()
  /** Devices on which somebody answered the brake that what is gone shall stay. */
  readonly keptBy = new Set<number>()
  /** Contents that went to a safety trash since the disk's clock could not tell them from what was there. */
  readonly rescued = new Set<Key>()
  readonly #displaced = new WeakMap<Inode, { device: Device; atUs: number }>()
  /** When a device gave it its name. */
  readonly #placedUs = new WeakMap<Inode, number>()
  readonly #seenHalf = new Set<Key>()
  readonly #checked = new WeakSet<object>()
  /** By device and item: the newest version that both sides had. */
  readonly #agreed = new Map<string, number>()
  hasRestoredServer = false

  constructor(world: World) {
    this.#world = world
  }

  #broken(rule: string, detail: string): void {
    this.#world.ledger.broken(rule, detail)
  }

  /** I1, and the local half of I5. */
  displaces(device: Device, { path, how, inode, checked }: Parameters<DiskWatch['displaces']>[0]): void {
    const { cloud, devices } = this.#world
    const key = typeof checked === 'string' ? keyOfLink(checked) : keyOfBytes(checked)
    if (isOwnPath(path)) return
    this.#displaced.set(inode, { device, atUs: this.#world.scheduler.nowUs })
    // What was written between the last look and the step is in the trash, and the stamp did not show it.
    for (const written of [key, keyOf(inode)]) if (this.#isWithinGrain(device, written)) this.rescued.add(written)
    if (this.expendable.has(key)) return
    const isElsewhere = devices.some(({ tree }) => {
      for (const { path, entry } of tree.walk())
        if (entry.inode !== inode && !isOwnPath(path) && entry.inode.kind !== 'folder' && keyOf(entry.inode) === key)
          return true
      return false
    })
    // The bytes tell what no stamp does, and it is brought back: at the end it has to be there.
    const comesBack = how === 'replace' && this.#wasWrittenAsItCame(device, inode, key)
    if (!cloud.holds(key) && !isElsewhere && !this.rescued.has(key) && !comesBack)
      this.#broken('I1', `device ${device.index} displaces (${how}) the only copy of what is at ${path}`)
    if (how === 'discard') this.#explainDiscard(device, path, key)
  }

  /**
   * What lies in the safety trash counts as lost, unless the clock of the disk could not tell it from what was to go there: written before the last look, or
   * while the new version got the name, when a crash may keep the engine from looking at the bytes.
   */
  isRescued(inode: Inode): boolean {
    if (this.rescued.has(keyOf(inode))) return true
    const displaced = this.#displaced.get(inode)
    const saved = this.#world.ledger.saved.get(keyOf(inode))
    if (displaced === undefined || saved === undefined) return false
    const apartNs = BigInt(Math.abs(saved.lastPutUs - displaced.atUs)) * 1_000n
    return displaced.device.hasCrashed && apartNs < displaced.device.config.fs.grainNs
  }

  /** Written within the grain of the disk's clock, in the moment between the last look and the step: no stamp shows it. It is in the safety trash. */
  #isWithinGrain({ config, world }: Device, key: Key): boolean {
    const saved = world.ledger.saved.get(key)
    return saved !== undefined && BigInt(world.scheduler.nowUs - saved.lastPutUs) * 1_000n < config.fs.grainNs
  }

  /** Within the grain of the disk's clock after we placed it, and it has the time that we gave it. */
  #wasWrittenAsItCame({ config, world }: Device, inode: Inode, key: Key): boolean {
    const saved = world.ledger.saved.get(key)
    const placedUs = this.#placedUs.get(inode)
    if (saved === undefined || placedUs === undefined) return false
    return BigInt(Math.abs(saved.lastPutUs - placedUs)) * 1_000n < config.fs.grainNs
  }

  #explainDiscard(device: Device, path: string, key: Key): void {
    const { cloud } = this.#world
    const nodes = cloud.nodesWith(key)
    const [node] = nodes
    // Of names that it takes for one, a device shows one.
    if (!device.config.fs.isCaseSensitive && this.#hasTwin(node)) return
    if (nodes.length !== 1 || !node || !cloud.server.isLive(node.id) || this.#isAmnesiac()) return
    if (isUnselectedBy(cloud, device, node)) return
    if (
      cloud.keyOfNode(node) === key &&
      isKnownLive(cloud, device, node) &&
      shownAt(cloud, device, node) === path.normalize('NFC') &&
      cloud.roleOf(device.actor)
    )
      this.#broken('I5', `device ${device.index} removes ${path}, which lives on the server`)
  }

  /** It, or a folder that it is in. */
  #hasTwin(node: NodeState | undefined): boolean {
    const { server, state } = this.#world.cloud
    for (let at = node; at?.parentId; at = state.nodes.get(at.parentId)) {
      const { id, name } = at
      const siblings = server.children(at.parentId)
      if (siblings.some((one) => one.id !== id && one.name.toLowerCase() === name.toLowerCase())) return true
    }
    return false
  }

  /** Itself, or what it is a copy of. */
  wasIgnored(path: string): boolean {
    const names = [path, path.replaceAll(/ \(conflicted copy [^/]*?\)/g, '')].flatMap((one) => one.split('/'))
    return names.some((name) => this.everIgnored.has(alike(name)))
  }

  /** I4: only what somebody has saved is shown to people. */
  places(device: Device, { path, inode }: Parameters<DiskWatch['places']>[0]): void {
    if (inode.kind !== 'file' && inode.kind !== 'symlink') return
    this.#placedUs.set(inode, this.#world.scheduler.nowUs)
    if (!this.#world.ledger.isLegal(keyOf(inode)))
      this.#broken('I4', `device ${device.index} shows bytes at ${path} that nobody has saved`)
  }

  /** I9: what is called synced was acknowledged. */
  wrote(device: Device, store: MemorySyncStore): void {
    if (this.#isAmnesiac()) return
    for (const item of store.data.items.values()) {
      if (!item.synced || this.#checked.has(item.synced)) continue
      this.#checked.add(item.synced)
      this.#requireForward(device, item.id, item.synced)
      if (!this.#wasAcked(item, item.synced))
        this.#broken(
          'I9',
          `device ${device.index} calls ${item.synced.place.name} (${item.id}) synced at a version that is not`,
        )
    }
  }

  /** I9, NW-04: what is agreed on does not go back; but that of it nothing was (0), since what is here came from elsewhere. */
  #requireForward(device: Device, id: Item['id'], { contentRevision, place }: NonNullable<Item['synced']>): void {
    const key = `${device.index} ${id}`
    const before = this.#agreed.get(key) ?? 0
    this.#agreed.set(key, contentRevision)
    if (contentRevision < before && contentRevision > 0)
      this.#broken(
        'I9',
        `device ${device.index} goes back from version ${before} to ${contentRevision} of ${place.name}`,
      )
  }

  #wasAcked({ id }: Item, { content, contentRevision }: NonNullable<Item['synced']>): boolean {
    if (isLocalId(id)) return false
    const { state } = this.#world.cloud
    if (content.kind === 'folder') return state.nodes.has(id as NodeId)
    const said = content.kind === 'file' ? content.sha256 : keyOfLink(content.target)
    const keyAt = (stored: MutationId): Key => this.#world.cloud.keyOfContent(stored, id as NodeId)
    const version = state.versions.get(versionKey(id as NodeId, contentRevision))
    if (version && keyAt(version.content) === said) return true
    // A conflict holds the bytes, as the copy beside it does: what is here goes on as the original.
    return [...state.conflicts.values()].some(({ original, content }) => original === id && keyAt(content) === said)
  }

  committed({ actor, effects }: Committed): void {
    const { devices, cloud } = this.#world
    const device = devices.find((one) => one.actor.sessionId === actor.sessionId) ?? null
    for (const { content, nodeId } of effects.versions) {
      const key = cloud.keyOfContent(content, nodeId)
      this.acked.add(key)
      if (!this.#world.ledger.isLegal(key))
        this.#broken('I4', `${cloud.server.path(nodeId)} has bytes that nobody has saved`)
    }
    for (const entry of effects.journal) this.#noteEntry(entry, device)
  }

  #noteEntry({ kind, node }: Entry, device: Device | null): void {
    const names = this.#names.get(node.id) ?? new Set()
    this.#names.set(node.id, names.add(node.name.normalize('NFC').toLowerCase()))
    if (kind === 'trashed' && device) this.#explain(node, device)
    if (kind === 'trashed') for (const one of this.#unit(node)) this.#noteDeleted(one)
    if (kind === 'created' && device) {
      if (node.kind === 'folder') this.#madeUs.set(node.id, this.#world.scheduler.nowUs)
      this.#requireNoResurrection(node, device)
    }
  }

  /** A folder that was seen under a name that it had for a moment. */
  #wasJustMade = ({ id }: NodeState): boolean =>
    this.#world.scheduler.nowUs - (this.#madeUs.get(id) ?? -Infinity) < SEEN_HALF_US

  #unit = (node: NodeState): NodeState[] => [node, ...unitBelow(this.#world.cloud.state, node.id)]

  /** I5: whatever leaves the server, a person has done away with. */
  #explain(top: NodeState, device: Device): void {
    const { ledger, cloud } = this.#world
    if (this.#isAmnesiac()) return
    for (const node of this.#unit(top)) {
      const key = cloud.keyOfNode(node)
      const isExplained =
        key === null
          ? this.#wasJustMade(node) || [...this.#names.get(node.id)!].some((name) => ledger.foldersGone.has(name))
          : ledger.wasRemoved(key) || !ledger.isLegal(key)
      // Asked of what is explained too: it is no resurrection when the other half is seen.
      const isSeenHalf = this.#isSeenHalf(node, device)
      if (!isExplained && !isSeenHalf)
        this.#broken(
          'I5',
          `device ${device.index} deletes ${node.kind} ${cloud.server.path(node.id)}, which nobody did`,
        )
    }
  }

  /**
   * A person has just moved it to a folder that nobody has looked at since: no scan can tell that from a delete at once. It is no loss,
   * and must not happen once everything has been looked at.
   */
  #isSeenHalf({ id }: NodeState, device: Device): boolean {
    const { tree, store } = device
    const ino = store.items.get(id)?.synced?.stamp.ino
    for (const { path, entry, folder } of tree.walk()) {
      if (isOwnPath(path) || tree.stamp(entry.inode).ino !== ino) continue
      const isFresh = tree.nowUs() - lastMovedUs(entry.inode, folder) < SEEN_HALF_US
      const isOther = entry.inode.kind === 'folder' && !this.#holdsSomeOf(entry.inode, id, device)
      // Where nothing is synced it is as good as out of the root.
      const isLeftOut = rulesOf(device).isIgnored(path, entry.inode.kind)
      const isExplained = isFresh || isDeaf(device) || isOther || isLeftOut
      if (isExplained) this.#noteSeenHalf(entry.inode)
      return isExplained
    }
    return false
  }

  /** An inode alone does not make a folder: what was in it was taken out of it, or put elsewhere, before anybody looked. */
  #holdsSomeOf(folder: Inode, id: NodeId, { store, tree }: Device): boolean {
    const inodes = new Set([...folder.entries.values()].map(({ inode }) => tree.stamp(inode).ino))
    for (const { synced } of store.items.values())
      if (synced?.place.parent === id && inodes.has(synced.stamp.ino)) return true
    return false
  }

  #noteSeenHalf(inode: Inode): void {
    this.#world.marks.add('move seen half')
    for (const { entry } of [{ entry: { inode } }, ...this.#world.devices[0]!.tree.walk(inode)])
      if (entry.inode.kind !== 'folder') this.#seenHalf.add(keyOf(entry.inode))
  }

  /** Where it lay in what is left out somewhere, a device need not hear of it: what that has is new when it is not left out any more (SS-09). */
  #noteDeleted(node: NodeState): void {
    const { cloud, scheduler } = this.#world
    const key = cloud.keyOfNode(node)
    if (key === null || this.#seenHalf.has(key) || this.wasIgnored(cloud.server.path(node.id))) return
    this.#deletedUs.set(key, scheduler.nowUs)
  }

  /** I6: what was deleted does not come back as something new, unless somebody saved it again. */
  #requireNoResurrection(node: NodeState, device: Device): void {
    const { cloud, ledger } = this.#world
    const key = cloud.keyOfNode(node)
    const deletedUs = key === null ? undefined : this.#deletedUs.get(key)
    if (key === null || key === EMPTY || deletedUs === undefined || this.#isAmnesiac()) return
    if (this.keptBy.has(device.index)) return
    const isAlone = cloud.nodesWith(key).every(({ id }) => id === node.id || !cloud.server.isLive(id))
    if (this.wasIgnored(cloud.server.path(node.id))) return
    const saved = ledger.saved.get(key)
    if (!saved || (saved.movedUs.get(device.index) ?? -Infinity) > deletedUs - unseenUs(device)) return
    if (isAlone && saved.puts === 1 && saved.lastPutUs < deletedUs)
      this.#broken('I6', `device ${device.index} brings back ${node.name}, which was deleted`)
  }

  /** Whatever is in it, also what was put into the trash by itself before. */
  #allBelow(top: NodeId): NodeId[] {
    const ids = [top]
    for (const id of ids) ids.push(...(this.#world.cloud.state.below.get(id) ?? []))
    return ids
  }

  isRestored = (id: NodeId): boolean => this.#restored.has(id)

  /** Somebody has lost its memory, or the server has: then what comes back, or is kept twice, is no fault. */
  #isAmnesiac = (): boolean => this.hasRestoredServer || this.#world.devices.some(({ hasForgotten }) => hasForgotten)
  get isAmnesiac(): boolean {
    return this.#isAmnesiac()
  }

  told(device: Device, event: SyncEvent): void {
    if (event.kind === 'guard') this.#world.marks.add('guard refuses')
    if (event.kind === 'blocked') this.#world.marks.add(`blocked ${event.reason}`)
    if (event.kind === 'brake') {
      this.#world.marks.add(`brake ${event.mass}`)
      this.#world.answerBrake(device, event.mass)
    }
  }

  saves(bytes: Uint8Array): void {
    this.#world.ledger.put(keyOfBytes(bytes), -1)
  }

  removesOnServer(top: NodeState): void {
    const { ledger, cloud } = this.#world
    for (const node of this.#unit(top)) {
      const key = cloud.keyOfNode(node)
      if (key === null) ledger.foldersGone.add(node.name.normalize('NFC').toLowerCase())
      else ledger.gone(key, false)
    }
  }

  restores(top: NodeId): void {
    const { cloud, ledger } = this.#world
    const node = cloud.state.nodes.get(top)
    if (!node) return
    for (const one of this.#unit(node)) {
      this.#restored.add(one.id)
      const key = cloud.keyOfNode(one)
      const saved = key === null ? undefined : ledger.saved.get(key)
      if (saved) saved.lastPutUs = this.#world.scheduler.nowUs
    }
  }

  copies(node: NodeState): void {
    this.restores(node.id)
  }

  purges(top: NodeId): void {
    const { state } = this.#world.cloud
    const node = state.nodes.get(top)
    if (!node) return
    const ids = new Set(this.#allBelow(top))
    for (const { nodeId, content } of state.versions.values())
      if (ids.has(nodeId)) this.expendable.add(this.#world.cloud.keyOfContent(content, nodeId))
    for (const { original, copy, content, nodeKind } of state.conflicts.values()) {
      if (!ids.has(original) && !(copy && ids.has(copy))) continue
      const { sha256, inline } = state.contents.get(content)!
      this.expendable.add(nodeKind === 'symlink' ? keyOfLink(Buffer.from(inline!, 'base64').toString()) : sha256)
    }
  }

  /** What nobody has but the server that was, is lost; what lies on some disk must stay. */
  serverRestored(): void {
    const { cloud, ledger, devices } = this.#world
    this.hasRestoredServer = true
    for (const key of this.acked) {
      if (cloud.holds(key)) continue
      this.acked.delete(key)
      const places = new Set(devices.flatMap((device) => this.#inodesWith(device, key)))
      if (places.size === 0) this.expendable.add(key)
      for (const inode of places) inode.by = 'person'
      if (places.size > 0 && !ledger.saved.has(key)) ledger.put(key, -1)
      const saved = ledger.saved.get(key)
      if (!saved) continue
      // The server does not stand for what an engine has displaced any more.
      saved.places = places.size
      saved.puts++
    }
  }

  #inodesWith = ({ tree }: Device, key: Key): Inode[] =>
    [...tree.walk()].flatMap(({ path, entry: { inode } }) =>
      !isOwnPath(path) && inode.kind !== 'folder' && keyOf(inode) === key ? [inode] : [],
    )
}
