import type { Item } from '../../core/reconcile/item.ts'
import type { NodeId } from '../../core/ids.ts'
import { versionKey, type NodeState } from '../../core/namespace/model.ts'
import type { IgnoreRules } from '../../client/sync/ignore.ts'
import { localPath, shownPath } from '../../client/sync/local-path.ts'
import { isOwnPath } from '../../client/sync/own-folder.ts'
import { rulesOf } from './left-out.ts'
import { MemorySyncStore } from '../support/memory-sync-store.ts'
import type { Device } from './device.ts'
import { keyOfName, spelledBy, type Entry, type Inode } from './inode.ts'
import { keyOf, type Key, type Saved } from './ledger.ts'
import { TEMP_FOLDER } from './virtual-temps.ts'
import type { World } from './world.ts'

/** What a device may say for ever of an item that it cannot hold. All else must have gone away by itself. */
const LASTING: ReadonlySet<string> = new Set([
  'name-not-possible',
  'name-clash',
  'path-too-long',
  'no-symlinks',
  'not-empty',
  'special-file',
  'not-utf8',
  'ignored',
  'content-damaged',
])

/** What must hold when nothing has happened for a long time and nothing is wrong (I18 to I25). */
export async function checkRest(world: World): Promise<void> {
  for (const device of world.devices) checkDevice(world, device)
  // What was unfinished when a disk went away is cleared at the next start (RT-01c).
  checkTemps(world, ({ wasUnmounted }) => !wasUnmounted)
  checkBytes(world)
  checkHistory(world)
  if (world.ledger.isBroken) return
  const before = standOf(world)
  for (const device of world.devices) void device.stop().then(() => device.start())
  await world.rest()
  checkTemps(world, () => true)
  if (!world.ledger.isBroken && standOf(world) !== before)
    world.ledger.broken('I19', `a restart changes something: ${before} became ${standOf(world)}`)
}

function checkTemps({ devices, ledger }: World, isAsked: (device: Device) => boolean): void {
  for (const { tree, index } of devices.filter(isAsked)) {
    const temps = tree.at(TEMP_FOLDER)?.inode.entries.size ?? 0
    if (temps > 0) ledger.broken('I25', `device ${index}: ${temps} temporary files at rest`)
  }
}

/** Journal and disks, as people see them. */
function standOf({ cloud, devices }: World): string {
  const trees = devices.map(({ tree }) => {
    const lines = [...tree.walk()].filter(({ path }) => !isOwnPath(path))
    return lines.map(({ path, entry }) => `${path} ${entry.inode.ino} ${entry.inode.ctimeUs}`).join(',')
  })
  return [cloud.state.seq, ...trees].join('; ')
}

function checkDevice(world: World, device: Device): void {
  const { ledger } = world
  const say = (rule: string, detail: string): void => ledger.broken(rule, `device ${device.index}: ${detail}`)
  if (device.state?.state !== 'up-to-date')
    say('I16', `is ${device.state?.state} ${device.state?.reason ?? ''} at rest`)
  const store = new MemorySyncStore(device.root, device.store)
  const rules = rulesOf(device)
  for (const id of store.unsettled()) {
    const { blocked, pending } = store.item(id)!
    if (isIgnored(store, rules, id) || isUnselected(device, store, id)) continue
    // Of what is blocked it may be sent again one day, and is then the same change.
    if (pending && !isBlocked(store, store.item(id)!)) say('I25', `${id} waits for an answer at rest`)
    if (!isBlocked(store, store.item(id)!)) say('I18', `${id} is unsettled at rest: ${JSON.stringify(store.item(id))}`)
    else if (blocked && !isLasting(device, blocked.reason))
      say('I18', `${id} is blocked at rest: ${blocked.reason} ${blocked.detail}`)
  }
  compareWithServer(device, store, { rules, say })
}

/** It, or a folder above it on either side. */
function isBlocked(store: MemorySyncStore, item: Item): boolean {
  for (const side of ['remote', 'local', 'synced'] as const)
    for (let at: Item | null = item; at; at = at[side] ? store.item(at[side].place.parent) : null)
      if (at.blocked) return true
  return false
}

/** Where it is, or on the server. */
function isIgnored(store: MemorySyncStore, rules: IgnoreRules, id: Item['id']): boolean {
  const { remote, local, synced } = store.item(id)!
  const kind = local?.kind ?? remote?.content.kind ?? synced?.content.kind
  const paths = [shownPath(store, id), remotePath(store, id)]
  return kind !== undefined && paths.some((path) => path !== '' && rules.isIgnored(path, kind))
}

function remotePath(store: MemorySyncStore, id: Item['id']): string {
  const names: string[] = []
  for (let at = store.item(id)?.remote; at; at = store.item(at.place.parent)?.remote) names.push(at.place.name)
  return names.reverse().join('/')
}

/** Nothing of it is here, and that is as its person wants it. */
function isUnselected({ unselected }: Device, store: MemorySyncStore, id: Item['id']): boolean {
  const item = store.item(id)!
  if (item.local || item.synced) return false
  for (let at: Item | null = item; at; at = at.remote ? store.item(at.remote.place.parent) : null)
    if (unselected.has(at.id)) return true
  return false
}

const isLasting = ({ config }: Device, reason: string): boolean =>
  LASTING.has(reason) || (reason === 'read-only' && config.canWrite === false)

type Say = (rule: string, detail: string) => void

function compareWithServer(
  device: Device,
  store: MemorySyncStore,
  { rules, say }: { rules: IgnoreRules; say: Say },
): void {
  const { cloud } = device.world
  const met = new Set<Inode>()
  const folders = [{ id: device.root, inode: device.tree.root, path: '' }]
  for (const { id, inode, path } of folders) {
    for (const node of cloud.server.children(id)) {
      const item = store.item(node.id)
      const here = entryFor(device, inode, spellingOf(item, node.name))
      if (device.unselected.has(node.id)) continue
      const at = path === '' ? node.name : `${path}/${node.name}`
      if (rules.isIgnored(at, node.kind)) {
        if (here) for (const one of below(device, here.inode)) met.add(one)
        continue
      }
      if (item?.blocked) {
        if (item.local && here) for (const one of below(device, here.inode)) met.add(one)
        continue
      }
      const fault = here ? differs(device, node, here.inode) : 'is missing'
      if (fault !== null || !here) {
        say('I18', `${at} ${fault}`)
        continue
      }
      met.add(here.inode)
      if (node.kind === 'folder') folders.push({ id: node.id, inode: here.inode, path: at })
    }
  }
  const kept = pathsOf(store, (item) => item.blocked !== null || isIgnored(store, rules, item.id))
  for (const { path, entry } of device.tree.walk()) {
    if (isOwnPath(path) || met.has(entry.inode) || rules.isIgnored(path, entry.inode.kind)) continue
    if (kept.some((above) => path === above || path.startsWith(`${above}/`))) continue
    say('I18', `${path} is here and not on the server`)
  }
}

/** As the engine knows it: beside it there may be another spelling of the name, which is not for the server. */
function spellingOf(item: Item | null, name: string): string {
  const here = item?.local?.place.name
  return here?.normalize('NFC') === name ? here : name
}

/** On a disk that keeps every spelling, the person's own may be another normalisation of the server's. */
function entryFor({ config: { fs } }: Device, folder: Inode, name: string): Entry | undefined {
  const exact = folder.entries.get(keyOfName(spelledBy(name, fs), fs))
  return exact ?? [...folder.entries.values()].find((entry) => entry.name.normalize('NFC') === name)
}

function* below(device: Device, inode: Inode): Generator<Inode> {
  yield inode
  for (const { entry } of device.tree.walk(inode)) yield entry.inode
}

function differs(device: Device, node: NodeState, inode: Inode): string | null {
  if (inode.kind !== node.kind) return `is a ${inode.kind}, not a ${node.kind}`
  if (node.kind === 'folder') return null
  if (keyOf(inode) !== device.world.cloud.keyOfNode(node)) return 'has other bytes'
  const knowsBit = device.config.fs.executableBit && node.kind === 'file'
  return knowsBit && inode.executable !== node.executable ? 'has another executable bit' : null
}

/** Also of what the server has moved to where nothing is synced. */
function pathsOf(store: MemorySyncStore, isWanted: (item: Item) => boolean): string[] {
  const paths: string[] = []
  for (const item of store.data.items.values()) {
    const path = item.local && isWanted(item) ? localPath(store, item.id) : null
    if (path !== null) paths.push(path)
  }
  return paths
}

/** I2, I3: nothing that was acknowledged or saved is lost. */
function checkBytes({ cloud, ledger, rules, devices }: World): void {
  const live = new Set<string>()
  for (const device of devices)
    for (const { path, entry } of device.tree.walk())
      if (entry.inode.kind !== 'folder' && (!isOwnPath(path) || rules.isRescued(entry.inode)))
        live.add(keyOf(entry.inode))
  for (const key of rules.acked)
    if (!cloud.holds(key) && !rules.expendable.has(key)) ledger.broken('I2', `the server has lost ${key.slice(0, 12)}`)
  for (const { key, places, device, order } of ledger.saved.values()) {
    if (places <= 0 || rules.expendable.has(key) || device < 0 || cloud.holds(key) || live.has(key)) continue
    ledger.broken('I3', `save ${order} of device ${device} (${key.slice(0, 12)}) is nowhere any more`)
  }
}

/** I4: what stands aside for a moment has a name of ours, on the server too; not at rest. */
const OUR_NAME = /^\.bitvault-moving-(local-|[0-9a-f]{8}-)/

/** I4, I21, I24. */
function checkHistory(world: World): void {
  const { cloud, ledger, script, rules } = world
  const isAlone = script.config.devices.filter(({ isActive }) => isActive).length === 1 && !usesWeb(world)
  // A disk that goes back to what it was is one more writer.
  if (isAlone && !rules.isAmnesiac && !world.marks.has('crash power'))
    for (const { copy, original } of cloud.state.conflicts.values())
      ledger.broken('I21', `a conflict of ${cloud.server.path(original)} where only one device writes (${copy})`)
  if (!rules.isAmnesiac)
    for (const { original, content } of cloud.state.conflicts.values())
      if (isVersionOf(world, original, cloud.keyOfContent(content, original)))
        ledger.broken(
          'I11',
          `what was sent of ${cloud.server.path(original)} once is a version of it and a conflict with it`,
        )
  for (const { path, node } of cloud.live())
    if (OUR_NAME.test(node.name)) ledger.broken('I4', `${path} is a name of ours, and on the server at rest`)
  for (const node of cloud.state.nodes.values()) {
    const last = new Map<number, number>()
    for (let revision = 1; revision <= node.contentRevision; revision++) {
      const version = cloud.state.versions.get(versionKey(node.id, revision))
      const saved = version && ledger.saved.get(cloud.keyOfContent(version.content, node.id))
      if (!saved || saved.puts > 1 || wasMovedByAny(saved) || rules.isRestored(node.id) || rules.isAmnesiac) continue
      if (saved.order < (last.get(saved.device) ?? -1))
        ledger.broken(
          'I24',
          `version ${revision} of ${node.name} is older than one before it of device ${saved.device}`,
        )
      last.set(saved.device, saved.order)
    }
  }
}

/** Bytes that were saved a single time, and are where they came to be: whoever gives a copy the name of its original makes it a version of that. */
function isVersionOf({ cloud, ledger, rules }: World, id: NodeId, key: Key): boolean {
  const saved = ledger.saved.get(key)
  const node = cloud.state.nodes.get(id)
  if (!node || !saved || saved.puts > 1 || saved.wasMoved || saved.wasCopyMoved || rules.isRestored(id)) return false
  // What was left out for a while is new when it is not any more.
  if (rules.wasIgnored(cloud.server.path(id))) return false
  for (let revision = 1; revision <= node.contentRevision; revision++) {
    const version = cloud.state.versions.get(versionKey(id, revision))
    if (version && cloud.keyOfContent(version.content, id) === key) return true
  }
  return false
}

const usesWeb = ({ done }: World): boolean => done.some(({ move }) => move.do.startsWith('web-'))

/** It got the name of something: as a version of that it may be newer than it is. */
const wasMovedByAny = ({ movedUs }: Saved): boolean => movedUs.size > 0
