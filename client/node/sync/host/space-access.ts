import type { Api } from '../../../api.ts'

/**
 * What the person may do in the space of a link, as the server last said it. Asked at the start, when the live connection comes back, and when the server
 * says that rights have changed; one question at a time.
 */
export class SpaceAccess {
  readonly #api: Api
  readonly #space: string
  readonly #onChange: (canWrite: boolean) => void
  #asking: Promise<void> | null = null
  #isStale = false
  canWrite: boolean

  /** @param options.canWrite as it was last known */
  constructor(api: Api, options: { space: string; canWrite: boolean; onChange: (canWrite: boolean) => void }) {
    this.#api = api
    this.#space = options.space
    this.#onChange = options.onChange
    this.canWrite = options.canWrite
  }

  /** Of a space that is not listed any more nothing is known but that it is gone: the engine finds out by itself. Never throws. */
  refresh(): Promise<void> {
    this.#isStale = true
    this.#asking ??= this.#ask().finally(() => (this.#asking = null))
    return this.#asking
  }

  async #ask(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      try {
        const space = (await this.#api.spaces()).find(({ id }) => id === this.#space)
        if (space) this.#note(space.role !== 'reader')
      } catch {
        // Offline, or signed out: who comes back asks again. The server decides in any case.
      }
    }
  }

  #note(canWrite: boolean): void {
    if (this.canWrite === canWrite) return
    this.canWrite = canWrite
    this.#onChange(canWrite)
  }
}
