import { availableParallelism } from 'node:os'
import { MessageChannel, receiveMessageOnPort, type MessagePort, type Worker } from 'node:worker_threads'
import type { FolderSeen, Listing, LocalPath } from '../../../sync/ports.ts'
import type { Looks } from './disk-entry.ts'
import { claim, newClaims, offer, roomFor } from './list-claims.ts'
import { takeListThread } from './list-thread.ts'
import type { Listed, ListTask, ToList } from './list-worker.ts'
import type { Root } from './root.ts'

/**
 * Folders that are listed beside, on another thread, while what was listed before is compared: looking at files takes most of the time of a scan, and has to
 * wait for nothing but the system. Whoever comes first, this thread or the other one, claims a folder and lists it; so neither waits for work.
 */
export type ListAhead = {
  expect(folders: readonly FolderSeen[] | null): void
  /** One that has been listed; each is told once. */
  next(): LocalPath | null
  has(folder: LocalPath): boolean
  /** @returns `null`: nobody has listed it, or it could not be listed: whoever asks lists it */
  take(folder: LocalPath): Promise<Listing | null>
}

/** Expected, and read but not yet asked for. */
const EXPECTED_MAX = 4_096
/** Told to the other thread at once, as long as it has others: each message has its price. */
const HANDFUL = 32

export function createListAhead(root: Root, looks: Looks): ListAhead {
  let helper: Helper | null = null
  // To ask the system takes longer than to list a small folder.
  let isAlone = availableParallelism() === 1
  const start = (): Helper | null => {
    try {
      return new Helper(root, looks)
    } catch {
      // It helps, and is not needed: what it does not list is listed here.
      isAlone = true
      return null
    }
  }
  return {
    expect(folders) {
      if (folders === null) {
        helper?.end()
        helper = null
      } else if (!isAlone) {
        helper ??= start()
        helper?.expect(folders)
      }
    },
    next: () => helper?.next() ?? null,
    has: (folder) => helper?.has(folder) ?? false,
    take: async (folder) => (await helper?.take(folder)) ?? null,
  }
}

/** One scan's other thread. */
class Helper {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #claims = newClaims()
  readonly #numbers = new Map<LocalPath, number>()
  readonly #listed = new Map<LocalPath, string | null>()
  /** Those in `#listed` that nobody was told of. */
  #untold: LocalPath[] = []
  #unsent: ToList[] = []
  #next = 0
  #isOver = false
  #wake = (): void => {}

  constructor(root: Root, looks: Looks) {
    const { port1, port2 } = new MessageChannel()
    const task: ListTask = { root, looks: { ...looks }, port: port2, claims: this.#claims }
    this.#worker = takeListThread()
    this.#worker.postMessage(task, [port2])
    for (const event of ['error', 'exit']) this.#worker.on(event, () => this.end())
    this.#port = port1
    this.#port.on('message', (listed: Listed) => this.#note(listed))
    this.#port.unref()
  }

  expect(folders: readonly FolderSeen[]): void {
    const room = Math.min(EXPECTED_MAX - this.#numbers.size, roomFor(this.#claims, this.#next))
    for (const { path, seen, digest } of folders.slice(0, Math.max(0, room))) {
      const number = this.#next++
      this.#numbers.set(path, number)
      offer(this.#claims, number)
      this.#unsent.push({ number, path, seen, digest })
    }
    if (this.#unsent.length >= HANDFUL) this.#send()
  }

  #send(): void {
    if (this.#unsent.length > 0 && !this.#isOver) this.#port.postMessage(this.#unsent, [])
    this.#unsent = []
  }

  has(folder: LocalPath): boolean {
    return this.#numbers.has(folder)
  }

  next(): LocalPath | null {
    if (this.#untold.length === 0) this.#send()
    this.#hear()
    return this.#untold.pop() ?? null
  }

  async take(folder: LocalPath): Promise<Listing | null> {
    const number = this.#numbers.get(folder)
    this.#numbers.delete(folder)
    if (number === undefined || claim(this.#claims, number, 'asker')) return null
    const text = await this.#answer(folder)
    return text === null ? null : (JSON.parse(text) as Listing)
  }

  end(): void {
    this.#isOver = true
    this.#wake()
    this.#port.close()
    void this.#worker.terminate()
  }

  async #answer(folder: LocalPath): Promise<string | null> {
    for (;;) {
      this.#hear()
      const text = this.#listed.get(folder)
      this.#listed.delete(folder)
      if (text !== undefined) return text
      if (this.#isOver) return null
      await this.#untilNext()
    }
  }

  /** What has come, without a turn of the event loop. */
  #hear(): void {
    for (let got = receiveMessageOnPort(this.#port); got; got = receiveMessageOnPort(this.#port))
      this.#note(got.message as Listed)
  }

  async #untilNext(): Promise<void> {
    this.#port.ref()
    await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#port.unref()
  }

  #note({ path, listing }: Listed): void {
    this.#listed.set(path, listing)
    this.#untold.push(path)
    this.#wake()
  }
}
