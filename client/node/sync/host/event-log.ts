import { appendFile, chmod, rename, stat } from 'node:fs/promises'
import type { LinkEvent } from './link-event.ts'

/** Two files of this size at most: the newest half million bytes at least are there. */
const FILE_MAX_BYTES = 1024 * 1024
const WRITE_AFTER_MS = 1_000
/** Waiting to be written; more is left out. */
const HELD_MAX_CHARS = 256 * 1024

/**
 * What happened to a link, a line of JSON each, for the person and for support: `events.jsonl`, and `events.jsonl.1` before it. Mode 0600, since names are in
 * it. It is written now and then, and never waited for.
 */
export class EventLog {
  readonly #path: string
  #held = ''
  #timer: ReturnType<typeof setTimeout> | null = null
  #writing: Promise<void> = Promise.resolve()
  #left = 0

  constructor(path: string) {
    this.#path = path
  }

  add(event: LinkEvent): void {
    // How far it is would drown what it has done.
    if (event.kind === 'progress' || (event.kind === 'step' && event.at === 'begin')) return
    if (this.#held.length > HELD_MAX_CHARS) {
      this.#left++
      return
    }
    this.#held += `${JSON.stringify(event)}\n`
    this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS)
  }

  async close(): Promise<void> {
    this.#write()
    await this.#writing
  }

  #write(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const left = this.#left === 0 ? '' : `${JSON.stringify({ kind: 'left-out', events: this.#left })}\n`
    const text = this.#held + left
    this.#held = ''
    this.#left = 0
    // A full disk must not stop the work for its log.
    if (text !== '') this.#writing = this.#writing.then(() => append(this.#path, text)).catch(() => {})
  }
}

async function append(path: string, text: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found !== null && found.size + text.length > FILE_MAX_BYTES) await rename(path, `${path}.1`)
  await appendFile(path, text, { mode: 0o600 })
  if (found === null) await chmod(path, 0o600)
}
