import { invariant } from '../../core/errors.ts'

/**
 * A fixed number of buffers in which chunks are made and handed out (CH-9). Whoever reads faster than its consumer
 * lets go waits here, and that is the whole back-pressure: at most `count` chunks exist at any time.
 */
export type ChunkSlots = {
  readonly slotBytes: number
  readonly count: number
  /** A slot if one is free now. */
  tryTake(): Slot | null
  /** The next free slot; first come, first served. Rejects when `signal` aborts. */
  take(signal?: AbortSignal): Promise<Slot>
  /** How many slots are taken now. */
  inUse(): number
}

export type Slot = {
  /** `slotBytes` long; what is in it is undefined. */
  readonly bytes: Uint8Array
  /** Gives the slot back; its bytes must not be touched afterwards. A second call does nothing. */
  release(): void
}

/** @param options.slotBytes at least the `maxBytes` of every rule that it is used with */
export function createChunkSlots(options: { count: number; slotBytes: number }): ChunkSlots {
  const { count, slotBytes } = options
  invariant(count >= 1, 'at least one slot')
  const idle: Uint8Array[] = []
  const waiting: ((slot: Slot) => void)[] = []
  let inUse = 0

  const lend = (bytes: Uint8Array): Slot => {
    let lent = true
    const release = () => {
      if (!lent) return
      lent = false
      const next = waiting.shift()
      if (next) return next(lend(bytes))
      inUse--
      idle.push(bytes)
    }
    return { bytes, release }
  }
  const tryTake = (): Slot | null => {
    if (inUse >= count) return null
    inUse++
    return lend(idle.pop() ?? Buffer.allocUnsafeSlow(slotBytes))
  }
  const take = async (signal?: AbortSignal): Promise<Slot> => {
    signal?.throwIfAborted()
    return tryTake() ?? waitInLine(waiting, signal)
  }
  return { slotBytes, count, tryTake, take, inUse: () => inUse }
}

function waitInLine(waiting: ((slot: Slot) => void)[], signal?: AbortSignal): Promise<Slot> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      waiting.splice(waiting.indexOf(enter), 1)
      reject(signal?.reason as Error)
    }
    const enter = (slot: Slot) => {
      signal?.removeEventListener('abort', leave)
      resolve(slot)
    }
    signal?.addEventListener('abort', leave, { once: true })
    waiting.push(enter)
  })
}
