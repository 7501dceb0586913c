/**
 * A text that must not be printed: keys, tokens, signed URLs, passwords. Template strings, JSON, `console.log` and the
 * logger show `[secret]`; only `reveal()` gives the text, so that every place that uses one can be found by its name.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  /** What `console.log` shows in Node and workerd. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN
  }
}

const HIDDEN = '[secret]'
