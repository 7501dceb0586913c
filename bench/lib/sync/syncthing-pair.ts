import { execFile } from 'node:child_process'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Child, startChild } from '../../../embedded/child.ts'
import { pickFreePort } from '../../../embedded/free-port.ts'
import { secondsOf } from '../alternate.ts'
import type { BenchContext } from '../bench.ts'
import type { Wire } from './counting-proxy.ts'
import { figuresOf, type ProcessFigures } from './process-figures.ts'

const run = promisify(execFile)
const API_KEY = 'benchmark'
const FOLDER = 'benchmark'
const POLL_MS = 50
const PATIENCE_MS = 30 * 60_000

/** Two Syncthing processes that share a folder over loopback, with their defaults but for what would leave the machine. */
export type SyncthingPair = {
  version: string
  a: Syncthing
  b: Syncthing
  /** Moves a tree in, has A look at it at once (by itself it waits for ten seconds), and waits until B has it. @returns seconds */
  syncTree(tree: string, files: number): Promise<number>
  stop(): Promise<void>
}

/** `null`: it is not installed. */
export async function startSyncthing(
  context: BenchContext,
  options: { caseSensitive?: boolean } = {},
): Promise<SyncthingPair | null> {
  const version = await run('syncthing', ['--version']).catch(() => null)
  if (version === null) return null
  const dir = await context.freshFolder()
  const [a, b] = [await Syncthing.start(join(dir, 'a')), await Syncthing.start(join(dir, 'b'))]
  const stop = async (): Promise<void> => void (await Promise.all([a.stop(), b.stop()]))
  context.afterwards(stop)
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const)
    await one.share(other, options)
  await a.until(async () => (await a.call('GET', '/rest/system/connections')).connections[b.id]?.connected === true)
  const syncTree = async (tree: string, files: number): Promise<number> =>
    secondsOf(async () => {
      await rename(tree, join(a.folder, 'tree'))
      const looked = a.scan()
      await b.untilHas(files)
      await looked
    })
  return { version: version.stdout.split(' ').slice(0, 2).join(' '), a, b, syncTree, stop }
}

type Status = {
  state: string
  globalFiles: number
  needFiles: number
  needBytes: number
  needDeletes: number
  localFiles: number
}

export class Syncthing {
  readonly folder: string
  id = ''
  readonly #gui: string
  readonly #address: string
  readonly #child: Child

  private constructor(home: string, ports: { gui: number; sync: number }, child: Child) {
    this.folder = join(home, 'files')
    this.#gui = `http://127.0.0.1:${ports.gui}`
    this.#address = `tcp://127.0.0.1:${ports.sync}`
    this.#child = child
  }

  static async start(home: string): Promise<Syncthing> {
    await mkdir(join(home, 'files'), { recursive: true })
    const config = join(home, 'config')
    await run('syncthing', ['generate', `--home=${config}`, '--no-default-folder', '--skip-port-probing'])
    const ports = { gui: await pickFreePort(), sync: await pickFreePort() }
    const file = join(config, 'config.xml')
    await writeFile(file, configured(await readFile(file, 'utf8'), ports))
    const child = await startChild('syncthing', ['serve', `--home=${config}`, '--no-browser', '--no-restart'], {
      env: { PATH: process.env['PATH'] ?? '', HOME: home, STNOUPGRADE: '1' },
      signalOnOurDeath: 'KILL',
    })
    const started = new Syncthing(home, ports, child)
    await started.until(async () => {
      const status = await started.call('GET', '/rest/system/status').catch(() => null)
      started.id = status?.myID ?? ''
      return status !== null
    })
    return started
  }

  async share(other: Syncthing, { caseSensitive = false }: { caseSensitive?: boolean }): Promise<void> {
    await this.call('PUT', `/rest/config/devices/${other.id}`, { deviceID: other.id, addresses: [other.#address] })
    await this.call('PUT', `/rest/config/folders/${FOLDER}`, {
      id: FOLDER,
      path: this.folder,
      devices: [{ deviceID: this.id }, { deviceID: other.id }],
      caseSensitiveFS: caseSensitive,
    })
  }

  /** Looks at its folder now: by itself it waits for ten seconds after a change. */
  async scan(): Promise<void> {
    await this.call('POST', `/rest/db/scan?folder=${FOLDER}`)
  }

  /** As it counts itself, since it was started. */
  async wire(): Promise<Wire> {
    const { total } = await this.call('GET', '/rest/system/connections')
    return { out: total.outBytesTotal, back: total.inBytesTotal }
  }

  untilHas(files: number): Promise<void> {
    return this.until(async () => {
      const status: Status = await this.call('GET', `/rest/db/status?folder=${FOLDER}`)
      const { state, globalFiles, localFiles, needFiles, needBytes, needDeletes } = status
      return (
        state === 'idle' && globalFiles >= files && localFiles >= files && needFiles + needBytes + needDeletes === 0
      )
    })
  }

  async until(isSo: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS
    while (!(await isSo())) {
      if (!this.#child.isRunning()) throw new Error(`Syncthing has ended: ${this.#child.lastLines().join('\n')}`)
      if (performance.now() > deadline) throw new Error('Syncthing does not come to an end')
      await delay(POLL_MS)
    }
  }

  // eslint-disable-next-line typescript/no-explicit-any -- somebody else's JSON
  async call(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(this.#gui + path, {
      method,
      headers: { 'X-API-Key': API_KEY },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`Syncthing answered ${response.status} to ${path}: ${text}`)
    return text === '' ? null : JSON.parse(text)
  }

  figures(): Promise<ProcessFigures> {
    return figuresOf(this.#child.pid)
  }

  async stop(): Promise<void> {
    await this.#child.stop('SIGTERM', 10_000)
  }
}

/** Nothing leaves the machine; all else is as it comes. */
function configured(xml: string, { gui, sync }: { gui: number; sync: number }): string {
  const set = (text: string, name: string, value: string): string =>
    text.replaceAll(new RegExp(`<${name}>[^<]*</${name}>`, 'g'), `<${name}>${value}</${name}>`)
  const guiSection = (section: string): string => set(set(section, 'address', `127.0.0.1:${gui}`), 'apikey', API_KEY)
  const values = {
    listenAddress: `tcp://127.0.0.1:${sync}`,
    globalAnnounceEnabled: 'false',
    localAnnounceEnabled: 'false',
    relaysEnabled: 'false',
    natEnabled: 'false',
    crashReportingEnabled: 'false',
    autoUpgradeIntervalH: '0',
    urAccepted: '-1',
  }
  const changed = Object.entries(values).reduce((text, [name, value]) => set(text, name, value), xml)
  return changed.replace(/<gui[\s\S]*?<\/gui>/, guiSection)
}
