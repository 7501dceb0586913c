const KEPT_LINES = 200

/** What happened, in order, as one number (I26), and the last lines of it for whoever looks for a fault. */
export class Trace {
  #a = 0x811c9dc5
  #b = 0x1234567
  readonly #lines: string[] = []
  readonly #keepsAll: boolean
  count = 0

  constructor(keepsAll = false) {
    this.#keepsAll = keepsAll
  }

  note(line: string): void {
    this.count++
    let [a, b] = [this.#a, this.#b]
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i)
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b ^ code, 0x5bd1e995)
    }
    this.#a = Math.imul(a ^ 0x0a, 0x01000193)
    this.#b = b ^ (b >>> 15)
    this.#lines.push(line)
    if (!this.#keepsAll && this.#lines.length > 2 * KEPT_LINES) this.#lines.splice(0, KEPT_LINES)
  }

  get hash(): string {
    return [this.#a, this.#b].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('')
  }

  get lines(): readonly string[] {
    return this.#lines
  }
}
