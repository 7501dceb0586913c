import type { ChildProcess } from 'node:child_process'
import { lstat, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openLinkControl, type LinkControl } from '../../client/node/sync/control/link-control.ts'
import { ControlGone } from '../../client/node/sync/control/call-control.ts'
import type { LinkStatus } from '../../client/node/sync/host/link-status.ts'
import { linkFolder, type LinkFolder } from '../../client/node/sync/links/link-folder.ts'
import { OWN_FOLDER, TRASH_FOLDER } from '../../client/sync/own-folder.ts'
import type { CutProxy } from './cut-proxy.ts'
import { hashOf, type Hash, type Tree } from './sync-ledger.ts'
import type { SyncPerson } from './sync-people.ts'
import { WITHIN, type Computer } from './sync-cli-support.ts'

type SideParts = { name: string; computer: Computer; line: CutProxy; folder: string; person: SyncPerson }

/** One computer of a torture: its folder, who works in it, its line to the server, and the background process, which may die at any time. */
export class Side {
  readonly name: string
  readonly computer: Computer
  readonly line: CutProxy
  readonly folder: string
  readonly person: SyncPerson
  #link = ''
  #daemon: { child: ChildProcess; ended: Promise<unknown> } | null = null

  constructor({ name, computer, line, folder, person }: SideParts) {
    this.name = name
    this.computer = computer
    this.line = line
    this.folder = folder
    this.person = person
  }

  /** Ties the folder to this place, and begins. */
  async link(place: string): Promise<void> {
    const said = await this.computer.ok('sync', '--once', '--json', this.folder, place)
    this.#link = /"link":\{"id":"([^"]+)"/.exec(said)?.[1] ?? fail(said)
    await this.start()
  }

  get state(): string {
    return this.computer.at('..', 'home', 'state', 'bitvault')
  }

  get ofLink(): LinkFolder {
    return linkFolder(this.#link, this.state)
  }

  /** The background process; it works on the link soon. @param env more than the computer has */
  spawn(env: Record<string, string> = {}): void {
    const daemon = this.computer.cli.start(['sync', 'daemon'], env)
    this.#daemon = { child: daemon.child, ended: daemon.ended.catch(() => {}) }
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    this.spawn(env)
    await expect.poll(() => openLinkControl(this.ofLink.control), WITHIN).not.toBeNull()
  }

  get pid(): number {
    return this.#daemon!.child.pid!
  }

  /** As the system does when it has no memory left. */
  kill = (): Promise<void> => this.#end('SIGKILL')

  /** In order. */
  stop = (): Promise<void> => this.#end('SIGTERM')

  async #end(signal: NodeJS.Signals): Promise<void> {
    const daemon = this.#daemon
    this.#daemon = null
    daemon?.child.kill(signal)
    await daemon?.ended
  }

  /** Of the process that works on the link. `null`: nobody does. */
  async asked<T>(question: (control: LinkControl) => Promise<T>): Promise<T | null> {
    try {
      const control = await openLinkControl(this.ofLink.control)
      return control && (await question(control))
    } catch (error) {
      if (error instanceof ControlGone) return null
      throw error
    }
  }

  status = (): Promise<LinkStatus | null> => this.asked((control) => control.status())
  syncNow = (): Promise<unknown> => this.asked((control) => control.syncNow())

  /** `up-to-date`, `stopped root-missing`: as a person reads it. */
  async says(): Promise<string> {
    const now = await this.status()
    return [now?.state ?? 'not-running', now?.reason].filter(Boolean).join(' ')
  }

  until = (state: string, timeout = WITHIN.timeout) =>
    expect.poll(() => this.says(), { ...WITHIN, timeout, message: `${this.name} says` }).toBe(state)

  tree = (): Promise<Tree> => treeOf(this.folder)

  /** What is in the safety trash of this folder. */
  async aside(): Promise<Hash[]> {
    const folder = join(this.folder, TRASH_FOLDER)
    const names = await readdir(folder).catch(() => [])
    return Promise.all(names.map(async (name) => hashOf(await readFile(join(folder, name)))))
  }

  /** The computer does not know of the link any more, and is as it was. */
  async end(): Promise<void> {
    await this.kill()
    this.person.closeAll()
    this.line.mend()
    const links = this.computer.at('..', 'home', 'config', 'bitvault', 'sync-links.json')
    for (const path of [links, join(this.state, 'sync'), this.folder]) await rm(path, { recursive: true, force: true })
  }
}

const fail = (said: string): never => {
  throw new Error(`no link is told of: ${said}`)
}

async function treeOf(root: string): Promise<Tree> {
  const found: Record<string, Hash> = {}
  const folders = ['']
  for (const folder of folders)
    for (const name of await readdir(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (path === OWN_FOLDER) continue
      const stats = await lstat(join(root, path))
      if (stats.isDirectory()) {
        folders.push(path)
        found[`${path}/`] = ''
      } else if (stats.isSymbolicLink()) found[path] = `-> ${await readlink(join(root, path))}`
      else found[path] = hashOf(await readFile(join(root, path)))
    }
  return found
}
