import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runtimeWebSocket } from '../../client/live-connection.ts'
import { timerSleep } from '../../client/retry.ts'
import { openDisk } from '../../client/node/sync/disk/open-disk.ts'
import { openSyncStore } from '../../client/node/sync/store/open-store.ts'
import { watchedDisk } from '../../client/node/sync/watch/watched-disk.ts'
import type { EngineOptions } from '../../client/sync/engine-parts.ts'
import { SyncEngine } from '../../client/sync/engine.ts'
import { createHttpRemote } from '../../client/sync/http-remote.ts'
import { OWN_FOLDER } from '../../client/sync/own-folder.ts'
import type { Clock, Random, SyncEvent } from '../../client/sync/ports.ts'
import { createRate } from '../../client/sync/rate.ts'
import type { NodeId, SpaceId } from '../../core/ids.ts'
import type { Account } from './account.ts'
import { clientOf } from './signed-in.ts'

export const realClock: Clock = { now: Date.now, sleep: timerSleep }
export const realRandom: Random = {
  bytes: (count) => randomBytes(count),
  fraction: () => randomBytes(4).readUInt32LE() / 2 ** 32,
}

export type RealDeviceOptions = { dir: string; root: string; options?: Partial<EngineOptions>; fetch?: typeof fetch }

/** What differs is printed: a screen of it, at most. */
const SHOWN_MAX = 4_096
export const shown = (bytes: Buffer): string =>
  bytes.length > SHOWN_MAX ? createHash('sha256').update(bytes).digest('hex') : bytes.toString('base64')

/** A device with the real disk, database, watcher and way to the server, and with the engine in this process. */
export class RealDevice {
  readonly folder: string
  readonly events: SyncEvent[] = []
  readonly #who: Account
  readonly #asked: RealDeviceOptions
  engine: SyncEngine | null = null
  #sent = 0
  #received = 0
  #running: Promise<void> = Promise.resolve()
  #close: () => void = () => {}

  /** @param asked `root`: the folder on the server; `dir`: for the folder and the database */
  constructor(who: Account, asked: RealDeviceOptions) {
    this.#who = who
    this.#asked = asked
    this.folder = join(asked.dir, 'folder')
  }

  async start(): Promise<this> {
    const { dir, root, options } = this.#asked
    const fetchIt = this.#counting(this.#asked.fetch ?? fetch)
    const { url, token, home } = this.#who
    await mkdir(this.folder, { recursive: true })
    const ending = new AbortController()
    const disk = openDisk(this.folder)
    const { store, wasStoppedCleanly } = openSyncStore({ path: join(dir, 'sync.sqlite'), root: root as NodeId })
    const signedIn = { url, accessToken: token }
    const remote = createHttpRemote({
      api: clientOf(signedIn, { tries: 2, fetch: fetchIt, signal: ending.signal }),
      baseUrl: url,
      accessToken: async () => token,
      openWebSocket: runtimeWebSocket,
      fetch: fetchIt,
      clock: realClock,
      random: realRandom,
      disk,
      space: home.id as SpaceId,
      up: createRate(realClock),
    })
    this.engine = new SyncEngine({
      store,
      ...watchedDisk(disk),
      remote,
      clock: realClock,
      random: realRandom,
      tell: (event) => this.events.push(event),
      wasStoppedCleanly,
      bootId: 'one boot',
      ...(options === undefined ? {} : { options }),
    })
    this.#close = () => {
      ending.abort()
      store.close()
      disk.close()
    }
    this.#running = this.engine.run()
    this.#running.catch(() => {})
    return this
  }

  async stop(): Promise<void> {
    this.engine?.stop()
    await this.#running
    this.#close()
    this.engine = null
  }

  /** Bytes of bodies, since the start. */
  sent = (): number => this.#sent
  received = (): number => this.#received

  #counting(fetchIt: typeof fetch): typeof fetch {
    return async (input, init = {}) => {
      if (typeof init.body === 'string') this.#sent += Buffer.byteLength(init.body)
      else this.#sent += Number(new Headers(init.headers).get('content-length') ?? 0)
      const response = await fetchIt(input, init)
      if (response.body === null) return response
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, out) => {
          this.#received += chunk.byteLength
          out.enqueue(chunk)
        },
      })
      return new Response(response.body.pipeThrough(count), response)
    }
  }

  get state(): string {
    const told = this.events.findLast((event) => event.kind === 'state')
    return told?.kind === 'state' ? [told.state, told.reason].filter(Boolean).join(' ') : 'none'
  }

  at = (path: string): string => join(this.folder, path)
  write = (path: string, bytes: string | Uint8Array): Promise<void> => writeFile(this.at(path), bytes)
  read = async (path: string): Promise<string> => readFile(this.at(path), 'utf8')

  /** Everything that the person sees: a folder with a slash, a file with its bytes (of many only their hash), a link with its target. */
  async tree(): Promise<Record<string, string>> {
    const found: Record<string, string> = {}
    const folders = ['']
    for (const folder of folders) {
      for (const entry of await readdir(join(this.folder, folder), { withFileTypes: true })) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`
        if (path === OWN_FOLDER) continue
        if (entry.isDirectory()) {
          folders.push(path)
          found[`${path}/`] = ''
        } else if (entry.isSymbolicLink()) found[path] = `-> ${await readlink(this.at(path))}`
        else found[path] = shown(await readFile(this.at(path)))
      }
    }
    return Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  mtimeNs = async (path: string): Promise<bigint> => (await stat(this.at(path), { bigint: true })).mtimeNs
}
