import { isOwnPath } from '../../client/sync/own-folder.ts'
import type { Device } from './device.ts'
import { keyOf } from './ledger.ts'
import { ON_DEVICE } from './moves.ts'
import type { Move } from './script.ts'
import { TRASH_FOLDER } from '../../client/sync/own-folder.ts'

/** The person at one device of a scenario. */
export class Hand {
  readonly device: Device

  constructor(device: Device) {
    this.device = device
  }

  get person() {
    return this.device.hands
  }

  write = (path: string, text: string): void => void this.person.write(path, Buffer.from(text))
  save = (path: string, text: string): void => this.person.save(path, Buffer.from(text), false)
  append = (path: string, text: string): void => this.write(path, this.read(path) + text)
  folders = (...paths: string[]): void => paths.forEach((path) => this.person.makeFolder(path))
  rename = (from: string, to: string): void => this.person.rename(from, to)
  remove = (path: string): void => this.person.remove(path)

  read(path: string): string | null {
    const inode = this.device.tree.at(path)?.inode
    return inode?.kind === 'file' ? Buffer.from(inode.bytes).toString() : null
  }

  /** A move of the simulation by its name. */
  does(name: string, told: Omit<Move, 'do' | 'on'> = {}): void {
    ON_DEVICE[name]!.perform(this.device, { do: name, on: this.device.index, ...told })
  }

  /** All that is on the disk is durable: a power cut takes nothing of it. */
  sync = (): void => this.device.tree.flush()

  /** The disk gives other bytes back than it was given; nothing tells. */
  rots(path: string, text: string): void {
    const { inode } = this.device.tree.at(path)!
    inode.bytes = Buffer.from(text)
    this.device.world.rules.expendable.add(keyOf(inode))
  }

  offline = (): void => void (this.device.line.isUp = false)
  online = (): void => void (this.device.line.isUp = true)
  /** Somebody asks for everything to be tried now. */
  syncNow = (): void => this.device.engine?.syncNow()

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

  /** What the safety trash of the device holds. */
  get kept(): string[] {
    const trash = this.device.tree.at(TRASH_FOLDER)?.inode
    return [...(trash?.entries.values() ?? [])].map(({ inode }) => Buffer.from(inode.bytes).toString()).sort()
  }

  /** What cannot be as it should be, and why: `name: reason`. */
  get blocked(): string[] {
    const items = [...this.device.store.items.values()].filter(({ blocked }) => blocked)
    return items.map(({ remote, local, blocked }) => `${(local ?? remote)?.place.name}: ${blocked!.reason}`).sort()
  }

  /** The sentence that a person is shown for it. */
  why(name: string): string {
    const items = [...this.device.store.items.values()].filter(({ blocked }) => blocked)
    return items.find(({ remote, local }) => (local ?? remote)?.place.name === name)?.blocked?.detail ?? 'nothing'
  }

  /** What it says of itself: `state`, or `state: reason`. */
  get state(): string {
    const { state, reason } = this.device.state ?? {}
    return reason === undefined ? String(state) : `${state}: ${reason}`
  }
}
