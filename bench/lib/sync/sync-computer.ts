import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openLinkControl, type LinkControl } from '../../../client/node/sync/control/link-control.ts'
import type { LinkStatus } from '../../../client/node/sync/host/link-status.ts'
import { linkFolder } from '../../../client/node/sync/links/link-folder.ts'
import { type Child, startChild } from '../../../embedded/child.ts'
import type { Stack } from '../../../embedded/stack.ts'
import { COMPILED, openCli, signInByDevice } from '../../../test/acceptance/cli-support.ts'

const MAIN = fileURLToPath(new URL('../../../cli/bin.js', import.meta.url))
const POLL_MS = 50
/** What takes longer does not come to an end. */
const PATIENCE_MS = 2 * 3_600_000

/** Variable of this environment: where the daemons leave CPU profiles, to find out where their time goes. */
const PROFILES = 'BENCH_CPU_PROFILES'

type Options = { name: string; server: string; stack: Pick<Stack, 'url'> }

/** A computer with one linked folder, which the background process of the command line (`bitvault sync daemon`) keeps in step. */
export class SyncComputer {
  /** The linked one. */
  readonly folder: string
  readonly #home: string
  readonly #env: Record<string, string>
  readonly #options: Options
  #link: string | null = null
  #daemon: Child | null = null
  #control: LinkControl | null = null

  private constructor(home: string, options: Options) {
    this.#home = home
    this.#options = options
    this.folder = join(home, 'work', 'files')
    this.#env = {
      PATH: process.env['PATH'] ?? '',
      HOME: join(home, 'home'),
      XDG_CONFIG_HOME: join(home, 'home', 'config'),
      XDG_STATE_HOME: join(home, 'home', 'state'),
      XDG_CACHE_HOME: join(home, 'home', 'cache'),
      NODE_COMPILE_CACHE: COMPILED,
      BITVAULT_SERVER: options.server,
      TZ: 'UTC',
    }
  }

  /** Signed in by a browser, as a person does it. */
  static async open(home: string, options: Options): Promise<SyncComputer> {
    const cli = await openCli(home, options.server)
    const signedIn = await signInByDevice(cli, options.stack.url)
    if (signedIn.exit !== 0) throw new Error(`signing in ended with ${signedIn.exit}: ${signedIn.err}`)
    return new SyncComputer(home, options)
  }

  /** A new pair of folders: an empty one here, and one of this name in the person's space. */
  async link(place: string): Promise<void> {
    await mkdir(this.folder, { recursive: true })
    const cli = await openCli(this.#home, this.#options.server)
    const { exit, out, err } = await cli(['sync', this.folder, `home/${place}`, '--once', '--json'])
    if (exit !== 0) throw new Error(`linking ended with ${exit}: ${err || out}`)
    const linked = out.split('\n').flatMap((line) => (line.includes('"linked"') ? [JSON.parse(line)] : []))
    this.#link = linked[0].link.id
  }

  /** Resolves when it has been started, not when it is up to date. */
  async start(): Promise<void> {
    const profiles = process.env[PROFILES]
    const flags = profiles ? ['--cpu-prof', '--cpu-prof-dir', join(profiles, this.#options.name)] : []
    this.#daemon = await startChild(process.execPath, [...flags, MAIN, 'sync', 'daemon'], {
      env: this.#env,
      signalOnOurDeath: 'INT',
    })
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop('SIGTERM', 30_000)
    this.#daemon = null
    this.#control = null
  }

  get pid(): number {
    if (this.#daemon === null) throw new Error('the daemon does not run')
    return this.#daemon.pid
  }

  /** `null`: nobody answers yet. */
  async status(): Promise<LinkStatus | null> {
    if (this.#daemon?.isRunning() === false)
      throw new Error(`the daemon has ended: ${this.#daemon.lastLines().join('\n')}`)
    const state = join(this.#env['XDG_STATE_HOME']!, 'bitvault')
    this.#control ??= await openLinkControl(linkFolder(this.#link ?? '', state).control)
    return (await this.#control?.status()) ?? null
  }

  /** Up to date, with so many files and folders, none of them blocked. */
  async untilHas(items: number): Promise<void> {
    await this.until((status) => status.state === 'up-to-date' && status.items >= items, `${items} items`)
  }

  async until(isSo: (status: LinkStatus) => boolean, wanted: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const status = await this.status()
      if (status?.blocked) throw new Error(`blocked: ${JSON.stringify(status.blockedItems[0])}`)
      if (status && isSo(status)) return
      if (performance.now() > deadline) throw new Error(`still not ${wanted}: ${JSON.stringify(status)}`)
      await delay(POLL_MS)
    }
  }
}
