import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { openDaemonControl } from '../client/node/sync/control/daemon-control.ts'
import { openLinkControl, type LinkControl } from '../client/node/sync/control/link-control.ts'
import { daemonNote } from '../client/node/sync/host/daemon.ts'
import type { LinkEvent } from '../client/node/sync/host/link-event.ts'
import type { LinkStatus } from '../client/node/sync/host/link-status.ts'
import { linkFolder } from '../client/node/sync/links/link-folder.ts'
import { MAIN } from '../cli/main-path.ts'
import { baseEnvironment, startChild, type Child } from '../embedded/child.ts'
import { approveDevice } from './approve.ts'
import { DidNotHappen, until } from './until.ts'

const STOP_GRACE_MS = 10_000
const COMMAND_MS = 60_000
/** Between a request that broke off and the news that the process has ended. */
const ENDED_MS = 2_000

type DeviceParts = {
  name: string
  /** Its home, sign-in and databases are made in it. */
  dir: string
  server: string
  signal: AbortSignal
  onEvent: (event: LinkEvent) => void
  /** The background process has ended by itself. */
  onLost: (why: DidNotHappen) => void
}

/** A computer of the person: a home of its own, a sign-in, the background process, and the command line as people use it. */
export class Device {
  readonly name: string
  readonly home: string
  /** That is kept in step. */
  readonly folder: string
  readonly #parts: DeviceParts
  readonly #env: Record<string, string>
  #daemon: Child | null = null
  #control: LinkControl | null = null
  readonly #ending = new AbortController()

  constructor(parts: DeviceParts) {
    const { name, dir, server } = parts
    const home = join(dir, name)
    this.name = name
    this.home = home
    this.folder = join(home, 'Files')
    this.#parts = parts
    this.#env = {
      ...baseEnvironment(),
      HOME: home,
      USERPROFILE: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      XDG_STATE_HOME: join(home, '.state'),
      XDG_RUNTIME_DIR: join(home, '.run'),
      NODE_COMPILE_CACHE: join(dir, 'compiled'),
      APPDATA: join(home, '.config'),
      LOCALAPPDATA: join(home, '.state'),
      BITVAULT_SERVER: server,
      NO_COLOR: '1',
    }
  }

  at = (...parts: string[]): string => join(this.folder, ...parts)

  /** Signs in with a code, starts the background process, and links the folder. @returns the id of that process */
  async begin(place: string): Promise<number> {
    await mkdir(this.folder, { recursive: true })
    await mkdir(this.#env['XDG_RUNTIME_DIR']!, { mode: 0o700 })
    await this.#signIn()
    this.#daemon = await startChild(process.execPath, [MAIN, 'sync', 'daemon'], {
      env: this.#env,
      signalOnOurDeath: 'INT',
    })
    void this.#daemon.ended.then(() => this.#parts.onLost(this.#lost()))
    const state = join(this.#env['XDG_STATE_HOME']!, 'bitvault')
    // Otherwise the command would start one that is nobody's child.
    const isUp = async (): Promise<boolean> => (await openDaemonControl(daemonNote(state))) !== null
    await until(`the background process of the ${this.name} answers`, isUp, this.#parts)
    await this.run('sync', '--background', this.folder, place)
    const { link } = await this.#askStatus()
    this.#control = await openLinkControl(linkFolder(link.id, state).control)
    if (this.#control === null) throw new DidNotHappen(`the background process of the ${this.name} does not answer`)
    void this.#listen(this.#control)
    return this.#daemon.pid
  }

  /** Runs a command to its end. @returns what it printed @throws DidNotHappen when it fails */
  async run(...args: string[]): Promise<string> {
    const { out, exit, err } = await this.#command(args)
    if (exit === 0) return out
    throw new DidNotHappen(`bitvault ${args.join(' ')} failed on the ${this.name}: ${err.trim()}`)
  }

  /** How its link fares now. @throws DidNotHappen when its process has ended */
  status = async (): Promise<LinkStatus> => {
    try {
      return (await this.#control?.status()) ?? (await this.#askStatus())
    } catch (error) {
      // Its socket tells of the end a moment before the system does.
      const hasEnded = await Promise.race([
        this.#daemon?.ended.then(() => true),
        delay(ENDED_MS, false, { ref: false }),
      ])
      throw hasEnded ? this.#lost() : error
    }
  }

  #lost = (): DidNotHappen => new DidNotHappen(`the background process of the ${this.name} does not run any more`)

  /** Until its link fares like this, such as `paused brake`. */
  untilState = (wanted: string): Promise<number> =>
    until(
      `the ${this.name} is “${wanted}”`,
      async () => {
        const { state, reason } = await this.status()
        return [state, reason].filter(Boolean).join(' ') === wanted
      },
      this.#parts,
    )

  /** Nothing of it runs any more. Repeating it is no error. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#daemon?.stop('SIGTERM', STOP_GRACE_MS)
  }

  async #askStatus(): Promise<LinkStatus> {
    const { links } = JSON.parse(await this.run('sync', 'status', '--json', this.folder)) as { links: LinkStatus[] }
    return links[0]!
  }

  async #listen(control: LinkControl): Promise<void> {
    try {
      for await (const event of control.events(this.#parts.signal)) this.#parts.onEvent(event)
    } catch {
      // The process has ended: whoever waits for something of it says so.
    }
  }

  async #signIn(): Promise<void> {
    const approved = Promise.withResolvers<void>()
    const onLine = (line: string): void => {
      const said = JSON.parse(line) as { event?: string; userCode?: string }
      if (said.event === 'invitation')
        approveDevice(this.#parts.server, said.userCode ?? '').then(approved.resolve, approved.reject)
    }
    const signedIn = this.#command(['login', '--json', '--name', this.name], onLine).then(({ exit, err }) => {
      if (exit !== 0) throw new DidNotHappen(`the ${this.name} could not sign in: ${err.trim()}`)
    })
    await Promise.all([signedIn, approved.promise])
  }

  async #command(args: readonly string[], onLine: (line: string) => void = () => {}) {
    const { signal } = this.#parts
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: this.#env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: AbortSignal.any([signal, this.#ending.signal, AbortSignal.timeout(COMMAND_MS)]),
    })
    const lines: string[] = []
    let err = ''
    child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()))
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      onLine(line)
    })
    try {
      const [code] = (await once(child, 'close')) as [number | null]
      return { exit: code ?? -1, out: lines.join('\n'), err }
    } catch (error) {
      signal.throwIfAborted()
      throw error
    }
  }
}
