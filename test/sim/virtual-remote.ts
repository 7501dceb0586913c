import { AppError, type ErrorCode } from '../../core/errors.ts'
import type { MutationId, NodeId } from '../../core/ids.ts'
import { versionKey, type Actor, type Mutation, type Outcome } from '../../core/namespace/model.ts'
import type { ItemId } from '../../core/reconcile/item.ts'
import { sha256Of } from '../../client/content/sha256.ts'
import { ConnectionError } from '../../client/connection-error.ts'
import type { Disk, Remote, RemoteVersion, UploadFile } from '../../client/sync/ports.ts'
import { RootGone } from '../../client/sync/root-gone.ts'
import { isSameStamp } from '../../core/reconcile/item.ts'
import type { FileInit, MutationResult, NodeStateWire } from '../../protocol/files.ts'
import type { PushEntry } from '../../protocol/mutations.ts'
import { toMutation } from '../proofs/to-mutation.ts'
import { epochOf, readBelow, readChanges, readSnapshot, type Page, type SnapshotPage } from './cloud-feed.ts'
import type { Cloud } from './cloud.ts'
import { chanceOf, mix } from './dice.ts'
import type { Fault } from './fault.ts'
import type { Life } from './life.ts'

const TWICE_US = 20_000_000

/** The way of one device to the server. */
export type Line = {
  isUp: boolean
  /** What is asked arrives, the answer does not. */
  losesAnswers: boolean
  /** To everything; with `applied` it is done all the same. */
  says: { code: ErrorCode; applied: boolean } | null
}
type RemoteParts = { cloud: Cloud; actor: Actor; life: Life; line: Line; disk: Disk }
type UploadAnswer = { item: ItemId; result: MutationResult | { outcome: 'failed'; error: unknown } }

/**
 * The server as one life of a device has it. Requests and answers are lost, late, doubled; what was asked may be done all the same. Rights and
 * sessions are looked at when the request arrives.
 */
export class VirtualRemote implements Remote {
  readonly #cloud: Cloud
  readonly #actor: Actor
  readonly #life: Life
  readonly #line: Line
  readonly #disk: Disk
  /** Of the last cursor that it was given: what is pushed is of that epoch (PU-15). */
  #epoch: string | null = null

  constructor({ cloud, actor, life, line, disk }: RemoteParts) {
    this.#cloud = cloud
    this.#actor = actor
    this.#life = life
    this.#line = line
    this.#disk = disk
  }

  async changes(cursor: string | null, waitMs: number): Promise<Page> {
    if (cursor === null) throw new AppError('resync-required', { reason: 'horizon' })
    this.#epoch = epochOf(cursor)
    const read = (): Page => readChanges(this.#cloud, this.#actor, { cursor, limit: this.#pageSize() })
    const page = await this.#request('changes', cursor, () => this.#readable(read))
    if (page.changes.length > 0 || page.more || waitMs === 0) return this.#noteEpoch(page)
    await this.#untilNews(waitMs)
    return this.#noteEpoch(await this.#request('changes', 'waited', () => this.#readable(read)))
  }

  /** @throws RootGone: the space is not among those that may be read */
  #readable<T>(read: () => T): T {
    if (this.#cloud.roleOf(this.#actor) === null) throw new RootGone()
    return read()
  }

  #noteEpoch<T extends { cursor: string | null }>(page: T): T {
    if (page.cursor !== null) this.#epoch = epochOf(page.cursor)
    return page
  }

  /** Pages may be cut anywhere. */
  #pageSize(): number {
    const { host } = this.#life
    return 1 + (mix(host.seed, 'page', host.index, this.#cloud.state.seq) % 12)
  }

  async #untilNews(waitMs: number): Promise<void> {
    const news = new AbortController()
    const stop = this.#cloud.onNews(() => news.abort())
    await this.#life.pause(waitMs * 1_000, { signal: news.signal, isIdle: true }).catch(() => {})
    stop()
  }

  async snapshot(after: string | null): Promise<SnapshotPage> {
    const read = (): SnapshotPage => readSnapshot(this.#cloud, this.#actor, { after, limit: this.#pageSize() + 2 })
    return this.#noteEpoch(await this.#request('snapshot', after ?? '', () => this.#readable(read)))
  }

  async *below(folder: NodeId): AsyncGenerator<NodeStateWire> {
    yield* await this.#request('below', folder, () => readBelow(this.#cloud, this.#actor, folder))
  }

  push(entries: PushEntry[]): Promise<MutationResult[]> {
    const detail = entries.map(({ kind, id }) => `${kind} ${id.slice(-6)}`).join()
    const effect = (): MutationResult[] => {
      this.#requireEpoch()
      return this.#commit(entries.map((entry) => toMutation(entry, this.#actor)))
    }
    return this.#request('push', detail, effect, nodesOf)
  }

  #requireEpoch(): void {
    if (this.#epoch !== null && this.#epoch !== this.#cloud.state.epoch)
      throw new AppError('resync-required', { reason: 'epoch' })
  }

  #commit(mutations: Mutation[]): MutationResult[] {
    if (mutations.length > 1 && this.#cloud.limitBytes < Infinity)
      return mutations.flatMap((one) => this.#commit([one]))
    const [first] = mutations
    if (first && this.#cloud.isOverLimit(first)) return [toResult(first.id, NO_ROOM)]
    const outcomes = this.#cloud.commit(mutations)
    return outcomes.map((outcome, at) => toResult(mutations[at]!.id, outcome))
  }

  async *upload(files: UploadFile[]): AsyncGenerator<UploadAnswer> {
    const { host } = this.#life
    const left = files.toSorted((a, b) => mix(host.seed, a.mutation) - mix(host.seed, b.mutation))
    while (left.length > 0) {
      const batch = left.splice(0, 1 + (mix(host.seed, left[0]!.mutation, 'batch') % 4))
      const read: { file: UploadFile; entry: PushEntry }[] = []
      for (const file of batch) {
        try {
          read.push({ file, entry: await this.#readFile(file) })
        } catch (error) {
          yield { item: file.item, result: { outcome: 'failed', error } }
        }
      }
      if (read.length === 0) continue
      yield* await this.#send(read)
    }
  }

  async #send(read: { file: UploadFile; entry: PushEntry }[]): Promise<UploadAnswer[]> {
    const mutations = read.map(({ entry }) => toMutation(entry, this.#actor))
    const detail = read.map(({ file }) => `${file.path} ${file.mutation.slice(-6)}`).join()
    try {
      const results = await this.#request('upload', detail, () => this.#commit(mutations), nodesOf)
      return read.map(({ file }, at) => ({ item: file.item, result: results[at]! }))
    } catch (error) {
      return read.map(({ file }) => ({ item: file.item, result: { outcome: 'failed', error } }))
    }
  }

  /** @throws AppError precondition-failed, busy: it changed since it was looked at */
  async #readFile({ path, init, mutation, stamp, sha256 }: UploadFile): Promise<PushEntry> {
    const found = await this.#disk.stat(path)
    if (found?.kind !== 'file' || !isSameStamp(found.stamp, stamp)) throw new AppError('precondition-failed')
    const pieces: Uint8Array[] = []
    for await (const piece of this.#disk.read(path)) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    if (sha256Of(bytes) !== sha256) throw new AppError('precondition-failed')
    const { target, base, mtimeNs, executable } = init as FileInit
    return {
      id: mutation,
      kind: 'write',
      target,
      base,
      size: bytes.length,
      sha256: '',
      content: { inline: bytes.toString('base64') },
      ...(mtimeNs !== undefined && { mtimeNs }),
      executable,
    } as PushEntry
  }

  async *download({ node, revision }: RemoteVersion): AsyncGenerator<Uint8Array> {
    const bytes = await this.#request('download', `${node.slice(-4)}@${revision}`, () => this.#bytesOf(node, revision))
    const piece = Math.max(8, Math.ceil(bytes.length / 2))
    for (let at = 0; at < bytes.length; at += piece)
      yield await this.#life.call('piece', { kind: 'net-stream' }, (fault) => {
        if (fault || !this.#line.isUp) throw new ConnectionError('cut')
        return Uint8Array.from(bytes.subarray(at, at + piece))
      })
  }

  /** @throws not-found, content-mismatch */
  #bytesOf(node: NodeId, revision: number): Uint8Array {
    const { state } = this.#cloud
    const version = state.versions.get(versionKey(node, revision))
    if (!version || this.#cloud.roleOf(this.#actor) === null || state.purged.has(node)) throw new AppError('not-found')
    if (state.damaged.has(version.content)) throw new AppError('content-mismatch', { detail: 'damaged' })
    return Buffer.from(state.contents.get(version.content)!.inline!, 'base64')
  }

  async live(_cursor: () => string | null, onNews: () => void, signal: AbortSignal): Promise<void> {
    await this.#request('live', '', () => {})
    const { host } = this.#life
    let told = 0
    const stop = this.#cloud.onNews(() => {
      // A message is only a wake-up: one in five is lost, and each takes its time (NW-05).
      if (chanceOf(host.seed, 'news', host.index, told++) < 0.2 || !this.#line.isUp) return
      host.scheduler.after(1_000 + chanceOf(host.seed, 'news after', host.index, told) * 200_000, () => {
        if (this.#life.isAlive && !signal.aborted) onNews()
      })
    })
    try {
      await this.#life.pause(Number.MAX_SAFE_INTEGER / 4, { signal, isIdle: true })
    } finally {
      stop()
    }
  }

  /**
   * There and back again.
   * @param touched of what was done: the nodes that somebody else may get at while nobody here knows that it was
   */
  async #request<T>(
    what: string,
    detail: string,
    effect: () => T,
    touched: (done: T) => string = () => '',
  ): Promise<T> {
    const reached = await this.#life.call(what, { kind: 'net', detail }, (fault) => this.#arrive(fault, effect))
    const unheard = reached.isLost && 'value' in reached ? touched(reached.value) : ''
    return this.#life.call(`${what}-reply`, { kind: 'pause', detail: unheard }, () => {
      if (reached.isLost || !this.#line.isUp || this.#line.losesAnswers) throw new ConnectionError('no answer')
      if ('error' in reached) throw reached.error
      return reached.value
    })
  }

  #arrive<T>(fault: Fault | null, effect: () => T): { isLost: boolean } & ({ value: T } | { error: unknown }) {
    if (!this.#line.isUp || fault?.do === 'request-lost') return { isLost: true, error: null }
    const does = (): { value: T } | { error: unknown } => {
      try {
        this.#cloud.requireOpen(this.#actor)
        return { value: effect() }
      } catch (error) {
        if (!(error instanceof AppError) && !(error instanceof RootGone)) throw error
        return { error }
      }
    }
    const refuses = fault?.do === 'refuse' ? fault : this.#line.says
    if (refuses && !refuses.applied) return { isLost: false, error: refusal(refuses.code) }
    const done = does()
    const { scheduler, seed, index } = this.#life.host
    if (fault?.do === 'twice') scheduler.after(chanceOf(seed, 'twice', index, scheduler.events) * TWICE_US, does)
    if (refuses) return { isLost: false, error: refusal(refuses.code) }
    return { isLost: fault?.do === 'reply-lost' || fault?.do === 'slow', ...done }
  }
}

/** The nearest that the closed set of codes has. */
const NO_ROOM: Outcome = { outcome: 'rejected', code: 'too-large', facts: {} }

/** Of what came of it. */
const nodesOf = (results: readonly MutationResult[]): string =>
  results.flatMap((result) => ('node' in result && result.node ? [result.node.id] : [])).join(' ')

const refusal = (code: ErrorCode): AppError => new AppError(code, { retryAfterMs: 200 })

function toResult(mutationId: MutationId, outcome: Outcome): MutationResult {
  switch (outcome.outcome) {
    case 'applied':
      return { mutationId, ...outcome } as MutationResult
    case 'conflict':
      return { mutationId, ...outcome } as MutationResult
    case 'rejected':
      return { mutationId, outcome: 'rejected', problem: { code: outcome.code, status: 409, ...outcome.facts } }
  }
}
