import { AppError } from '../../../../core/errors.ts'
import { DEVICE_ERROR_MAX, device as deviceSchema } from '../../../../protocol/live.ts'
import type { Api } from '../../../api.ts'
import { mayRetry } from '../../../retry.ts'

/** As the server and other devices show it. */
export type DeviceLabel = { name: string; platform: string }

/** `Ada's laptop: Photos` @param root the linked folder: a device for each */
export function labelOf(hostName: string, root: string, platform: string): DeviceLabel {
  const folder = root.split(/[/\\]/).findLast((part) => part !== '') ?? root
  // What the server takes for a name of a device.
  const clean = `${hostName}: ${folder}`.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '')
  return { name: [...clean].slice(0, 80).join('').trim() || 'a computer', platform }
}

/** @param id `null`: a new device. @throws AppError `not-found`: it was revoked, or is somebody else's */
export async function registerDevice(api: Api, id: string | null, label: DeviceLabel): Promise<string> {
  const reply = await api.transport.call({
    method: 'POST',
    route: '/v1/devices',
    path: '/v1/devices',
    body: { ...label, ...(id === null ? {} : { id }) },
    parse: (json) => deviceSchema.parse(json),
  })
  return reply.id
}

/** The session that it is on goes on. One that is forgotten already is no error. */
export async function forgetDevice(api: Api, id: string): Promise<void> {
  try {
    await api.transport.call({
      method: 'DELETE',
      route: '/v1/devices/{id}',
      path: `/v1/devices/${id}?session=keep`,
      parse: () => undefined,
    })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not-found') throw error
  }
}

const reportDevice = (api: Api, id: string, lastError: string | null): Promise<unknown> =>
  api.transport.call({
    method: 'PATCH',
    route: '/v1/devices/{id}',
    path: `/v1/devices/${id}`,
    body: { lastError },
    parse: (json) => deviceSchema.parse(json),
  })

const AGAIN_MS = 15_000
/** Trouble that passes by itself is not worth a word. */
const SETTLE_MS = 3_000

type Keeper = {
  api: Api
  id: string
  label: DeviceLabel
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  signal: AbortSignal
  /** It is known to the server under another id from now on. */
  onNew: (id: string) => Promise<void>
}

/** Keeps the device registered with the server, and tells there what keeps it from synchronising. */
export class DeviceKeeper {
  readonly #parts: Keeper
  #wanted: string | null = null
  #told: string | null | undefined = undefined
  #isBound = false
  #isTelling = false

  constructor(parts: Keeper) {
    this.#parts = parts
  }

  /** Binds the device to this sign-in; again and again while nobody answers. Resolves when it is bound, or cannot be. */
  async bind(): Promise<void> {
    const { api, id, label, onNew } = this.#parts
    await this.#insist(async () => {
      try {
        await registerDevice(api, id, label)
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'not-found') throw error
        return onNew(await registerDevice(api, null, label))
      }
      this.#isBound = true
      if (this.#wanted !== null) this.tell(this.#wanted)
    })
  }

  /** @param lastError for a person on another device; no name of a file is in it */
  tell(lastError: string | null): void {
    this.#wanted = lastError === null ? null : lastError.slice(0, DEVICE_ERROR_MAX)
    if (!this.#isBound || this.#isTelling) return
    this.#isTelling = true
    void this.#tellSoon().finally(() => (this.#isTelling = false))
  }

  async #tellSoon(): Promise<void> {
    const { api, id, sleep, signal } = this.#parts
    while (this.#wanted !== this.#told && !signal.aborted) {
      await sleep(SETTLE_MS, signal).catch(() => {})
      const text = this.#wanted
      if (text === this.#told) return
      await this.#insist(() => reportDevice(api, id, text))
      this.#told = text
    }
  }

  /** Until it is done, or would never be. */
  async #insist(work: () => Promise<unknown>): Promise<void> {
    const { sleep, signal } = this.#parts
    while (!signal.aborted) {
      try {
        return void (await work())
      } catch (error) {
        if (!mayRetry(error)) return
        await sleep(AGAIN_MS, signal).catch(() => {})
      }
    }
  }
}
